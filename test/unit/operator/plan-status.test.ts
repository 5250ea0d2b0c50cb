import { expect } from 'chai'
import { describe, it } from 'mocha'
import { planSchema } from '../../../crds/plan.ts'
import { describeObject } from '../../../operator/plan/describe-object.ts'
import { type Pipeline } from '../../../operator/observe/resources.ts'
import { type Forecast } from '../../../operator/plan/plan-report.ts'
import { isPlanning, planFindings, statusPlan, summary } from '../../../operator/plan/plan-status.ts'
import { pipeline } from '../../support/pipelines.ts'

const change = (target: Forecast['target'], action: Forecast['action'] = 'create', detail = 'd'): Forecast => ({ target, action, object: 'o', detail }) // prettier-ignore
const report = (changes: readonly Forecast[], notes: string[] = []) => ({ operation: 'Reconcile', changes, notes }) as const // prettier-ignore
const [now, later] = [new Date('2026-06-01T12:00:00Z'), new Date('2026-06-01T13:00:00Z')]

describe('a plan in a status', () => {
  it('says for which generation and since when', () => {
    const plan = statusPlan(undefined, report([change('postgres')], ['wait']), 3, now)
    expect(plan).to.deep.equal({
      generation: 3,
      operation: 'Reconcile',
      time: '2026-06-01T12:00:00Z',
      summary: '1 change: 1 in postgres',
      changes: [change('postgres')],
      notes: ['wait'],
    })
  })

  it('keeps its time as long as it is the same, so that nothing is written', () => {
    const plan = statusPlan(undefined, report([change('postgres')]), 3, now)
    const stored = JSON.parse(JSON.stringify(plan)) as typeof plan
    expect(statusPlan(stored, report([change('postgres')]), 3, later)).to.deep.equal(stored)
    for (const other of [report([]), report([change('qdrant')]), report([change('postgres')], ['n'])])
      expect(statusPlan(stored, other, 3, later).time).to.equal('2026-06-01T13:00:00Z')
    expect(statusPlan(stored, report([change('postgres')]), 4, later).time).to.equal('2026-06-01T13:00:00Z')
  })

  it('is bounded whatever it holds, and says how much is left out', () => {
    const changes = Array.from({ length: 3_000 }, () => change('kubernetes', 'update', 'x'.repeat(50_000)))
    const plan = statusPlan(undefined, report(changes, Array.from({ length: 40 }, (_, index) => `note ${index} ${'n'.repeat(9_000)}`)), 1, now) // prettier-ignore
    expect(plan.changes).to.have.length(100)
    expect(plan.omitted).to.equal(2_900)
    expect(plan.notes?.at(-1)).to.equal('and 25 more')
    expect(JSON.stringify(plan).length).to.be.lessThan(200_000)
    expect(planSchema.safeParse(plan).error).to.equal(undefined)
  })

  it('is summed up by where things change, and tells deletions', () => {
    expect(summary([])).to.equal('no changes')
    expect(summary([change('postgres'), change('qdrant', 'delete'), change('postgres', 'delete')])).to.equal('3 changes: 2 in postgres, 1 in qdrant; 2 of them delete something') // prettier-ignore
  })
})

describe('plan mode', () => {
  const resource = (annotations?: Record<string, string>) => {
    const made = pipeline() as Pipeline
    return { ...made, metadata: { ...made.metadata, ...(annotations ? { annotations } : {}) } }
  }

  it('is asked for by the annotation, or for everything by the operator', () => {
    expect(isPlanning(resource(), false)).to.equal(false)
    expect(isPlanning(resource({ 'selfrag.io/plan': 'false' }), false)).to.equal(false)
    expect(isPlanning(resource({ 'selfrag.io/plan': 'true' }), false)).to.equal(true)
    expect(isPlanning(resource(), true)).to.equal(true)
  })

  it('says how to end it, and is never Ready before anything was done', () => {
    const plan = statusPlan(undefined, report([change('postgres')]), 1, now)
    const [ready, progressing] = planFindings(resource(), plan, false)
    expect(ready).to.include({ type: 'Ready', status: 'False', reason: 'Planned' })
    expect(progressing).to.include({ type: 'Progressing', status: 'False', reason: 'Planned' })
    expect(progressing?.message).to.contain('remove the annotation').and.to.contain('1 in postgres')
    expect(planFindings(resource(), plan, true)[0]?.message).to.contain('DRY_RUN')
  })

  it('leaves what was known of a resource that serves', () => {
    const conditions = [{ type: 'Ready', status: 'True', reason: 'AsDesired', message: '', lastTransitionTime: '2026-06-01T12:00:00Z' }] as const // prettier-ignore
    const serving = { ...resource(), status: { conditions: [...conditions] } }
    const plan = statusPlan(undefined, report([]), 2, now)
    expect(planFindings(serving, plan, false).map(({ type }) => type)).to.deep.equal(['Progressing'])
  })
})

describe('a decision about an object in words', () => {
  const wanted = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'demo' }, data: { A: '1' } }
  const decision = { wanted, live: null, obstacle: null, action: 'create', drift: [], leave: false, recorded: null } as const // prettier-ignore

  it('shows the whole object when it is new', () => {
    expect(describeObject(decision)).to.deep.equal({ target: 'kubernetes', action: 'create', object: 'ConfigMap/demo', detail: '{"data":{"A":"1"}}' }) // prettier-ignore
  })

  it('shows only the keys of a Secret', () => {
    const secret = { ...wanted, kind: 'Secret', data: { token: 'c2VjcmV0' } }
    expect(describeObject({ ...decision, wanted: secret })?.detail).to.equal('keys token, whose values are not shown')
    const live = { ...secret, data: { token: 'b3RoZXI=' } }
    expect(describeObject({ ...decision, wanted: secret, live, action: 'update' })?.detail).not.to.match(/c2Vj|b3Ro/)
  })

  it('shows what a changed field is and becomes', () => {
    const live = { ...wanted, data: { A: '0' } }
    expect(describeObject({ ...decision, live, action: 'update' })).to.include({ action: 'update', detail: 'data.A: 0 → 1' }) // prettier-ignore
  })

  it('is none when nothing would be done', () => {
    expect(describeObject({ ...decision, action: 'none' })).to.equal(null)
    expect(describeObject({ ...decision, action: 'restore', leave: true })).to.equal(null)
  })
})
