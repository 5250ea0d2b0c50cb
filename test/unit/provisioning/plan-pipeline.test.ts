import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { ObservedPipeline } from '../../../api/provisioning/observed.ts'
import { planPipeline } from '../../../api/provisioning/plan-pipeline.ts'
import { showTuning, type TuningWords } from '../../../api/stores/vectors/tuning.ts'
import { type CollectionState, payloadIndexes } from '../../../api/stores/vectors/vector-store.ts'
import { kinds, pipelineWith } from '../../support/provisioning.ts'
import { settledPipeline } from './observations.ts'

const desired = pipelineWith('kb')
const settled = settledPipeline(desired)
const stranger = { cluster: 'c2', uid: 'x', name: 'RagPipeline/other/demo' }

function withControl(changes: Partial<ObservedPipeline['control']>): ObservedPipeline {
  return { ...settled, control: { ...settled.control, ...changes } }
}

function withLogin(changes: Partial<ObservedPipeline['login']>): ObservedPipeline {
  return { ...settled, login: { ...settled.login, ...changes } }
}

function withState(changes: Partial<CollectionState>): ObservedPipeline {
  if (!settled.collection.state) throw new Error('no state')
  return { ...settled, collection: { ...settled.collection, state: { ...settled.collection.state, ...changes } } }
}

/** @param last what was set last; the rest of it is as desired */
function tuned(found: TuningWords, last: TuningWords = {}): ObservedPipeline {
  const wanted = showTuning(desired.vectors)
  return withState({ tuning: { ...wanted, ...found }, tunedTo: { ...wanted, ...last } })
}

describe('provisioning/plan-pipeline', () => {
  it('plans nothing for a world that is as desired', () => {
    expect(planPipeline(desired, settled)).to.deep.equal({ steps: [], obstacles: [], drift: [] })
  })

  const cases: [what: string, observed: ObservedPipeline, steps: string[], drift: string[]][] = [
    ['an older schema', withControl({ applied: [] }), ['migrate-control-schema'], []],
    [
      'a missing index',
      withState({ indexes: payloadIndexes.filter(index => index !== 'document_id') }),
      ['create-payload-index'],
      ['payload index document_id'],
    ],
    [
      'an index of another kind',
      withState({
        indexes: payloadIndexes.filter(index => index !== 'kb_id'),
        wrongIndexes: { kb_id: { wanted: 'keyword', found: 'integer' } },
      }),
      ['create-payload-index'],
      ['payload index kb_id'],
    ],
    ['another graph', tuned({ hnsw: 'm 4' }), ['tune-collection'], ['hnsw']],
    ['another quantization', tuned({ quantization: 'product' }), ['tune-collection'], ['quantization']],
    ['vectors on disk', tuned({ onDisk: 'true' }), ['tune-collection'], ['onDisk']],
    ['two settings at once', tuned({ hnsw: 'm 4', onDisk: 'true' }), ['tune-collection', 'tune-collection'], ['hnsw', 'onDisk']], // prettier-ignore
    ['a spec that asks for another graph', tuned({ hnsw: 'm 4' }, { hnsw: 'm 4' }), ['tune-collection'], []],
    ['a record of what was set that is behind', tuned({}, { hnsw: 'm 4' }), ['tune-collection'], []],
    ['a collection of a version that kept no record', withState({ tunedTo: null }), ['tune-collection', 'tune-collection', 'tune-collection'], []], // prettier-ignore
    ['an engine without quantization', withState({ tuning: { hnsw: showTuning(desired.vectors).hnsw } }), [], []],
    [
      'no alias',
      { ...settled, collection: { ...settled.collection, target: null } },
      ['set-alias'],
      ['alias kb_shared'],
    ],
    ['no record', { ...settled, collection: { ...settled.collection, generations: [] } }, ['record-generation'], []],
    [
      'an interrupted creation',
      { ...settled, collection: { ...settled.collection, target: null, generations: [] } },
      ['record-generation', 'set-alias'],
      [],
    ],
  ]
  for (const [what, observed, steps, drift] of cases)
    it(`repairs ${what}`, () => {
      const plan = planPipeline(desired, observed)
      expect(kinds(plan)).to.deep.equal(steps)
      expect(plan.drift.map(one => one.field)).to.deep.equal(drift)
      expect(plan.obstacles).to.deep.equal([])
    })

  const obstacles: [what: string, observed: ObservedPipeline, reason: string, area: string, message: string][] = [
    [
      'a foreign schema',
      withControl({ owner: stranger }),
      'Conflict',
      'database',
      'RagPipeline/other/demo of cluster c2',
    ],
    ['a schema without marker', withControl({ owner: null }), 'Conflict', 'database', 'bears no ownership marker'],
    ['a newer schema', withControl({ applied: ['001-control-schema', '999-x'] }), 'NewerSchema', 'database', '999-x'],
    [
      'a role that may not create roles',
      withLogin({ mayCreateRoles: false }),
      'Unrepairable',
      'database',
      'CREATEROLE',
    ],
    [
      'a role that may not create schemas',
      withLogin({ mayCreateSchemas: false }),
      'Unrepairable',
      'database',
      'GRANT CREATE',
    ],
    ['an old server', withLogin({ serverVersion: 14 }), 'Unrepairable', 'database', 'Postgres 14'],
    ['a foreign collection', withState({ owner: stranger }), 'Conflict', 'vectors', 'RagPipeline/other/demo'],
    ['a collection without marker', withState({ owner: null }), 'Conflict', 'vectors', 'no ownership marker'],
    [
      'another fingerprint',
      withState({ fingerprint: 'other' }),
      'Unrepairable',
      'vectors',
      'embedding fingerprint is other',
    ],
    [
      'another distance',
      withState({ dense: { dimension: 4, distance: 'dot' } }),
      'Unrepairable',
      'vectors',
      'distance is dot',
    ],
    ['a collection without vectors', withState({ dense: null }), 'Unrepairable', 'vectors', 'not there, wanted 4'],
    ['a collection without sparse vectors', withState({ sparse: false }), 'Unrepairable', 'vectors', 'bm25'],
    ['a dedicated collection', withState({ tenancy: 'dedicated' }), 'Unrepairable', 'vectors', 'tenancy'],
    [
      'a collection in place of the alias',
      { ...settled, collection: { ...settled.collection, nameTaken: true } },
      'Conflict',
      'vectors',
      'not an alias',
    ],
    ['an alias that points elsewhere', withState({ name: 'something_else' }), 'Conflict', 'vectors', 'something_else'],
  ]
  for (const [what, observed, reason, area, message] of obstacles)
    it(`leaves ${what} alone and says what to do`, () => {
      const plan = planPipeline(desired, observed)
      expect(plan.steps).to.deep.equal([])
      expect(plan.obstacles).to.have.length(1)
      expect(plan.obstacles[0]).to.include({ reason, area })
      expect(plan.obstacles[0]?.message).to.include(message)
    })

  it('tells a collection of another size as drift when it had been recorded as wanted, else as a change of the spec', () => {
    const replaced = withState({ dense: { dimension: 8, distance: 'cosine' } })
    const [told] = planPipeline(desired, replaced).drift
    expect(told).to.include({ object: 'collection kb_shared_g1', field: 'vector size', wanted: '4', found: '8' })
    expect(told?.repair).to.deep.equal([])
    expect(told?.remedy).to.contain('set the model back')
    const [generation] = replaced.collection.generations
    if (!generation) throw new Error('nothing is recorded')
    const generations = [{ ...generation, fingerprint: 'of another model' }]
    expect(planPipeline(desired, { ...replaced, collection: { ...replaced.collection, generations } }).drift).to.deep.equal([]) // prettier-ignore
  })

  it('adopts schema and collection when asked, the schema last', () => {
    const foreign = { ...withState({ owner: stranger }), control: { ...settled.control, owner: null } }
    expect(kinds(planPipeline({ ...desired, adopt: true }, foreign))).to.deep.equal([
      'adopt-collection',
      'adopt-schema',
    ])
  })

  it('takes back what was released by a resource of its name, and by no other', () => {
    const before = { ...desired.owner, uid: 'before' }
    const released = {
      ...withState({ owner: before }),
      control: { ...settled.control, owner: before, released: before },
    }
    expect(kinds(planPipeline(desired, released))).to.deep.equal(['adopt-collection', 'adopt-schema'])
    const other = { ...desired, owner: { ...desired.owner, name: 'RagPipeline/default/other' } }
    expect(planPipeline(other, released).obstacles[0]).to.include({ reason: 'Conflict' })
  })
})
