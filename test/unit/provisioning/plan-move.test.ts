import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { ObservedMove } from '../../../api/provisioning/moving/observe-move.ts'
import { planMove } from '../../../api/provisioning/moving/plan-move.ts'
import type { IsolationMoveRow, MovePhase, TenantRow } from '../../../api/stores/postgres/rows.ts'

const timing = { settleMs: 5000, clearAfterMs: 60_000 }

describe('planMove', () => {
  const generation = (fingerprint: string) => ({ fingerprint }) as ObservedMove['source']
  const observed = (phase: MovePhase, changes: Partial<ObservedMove> = {}): ObservedMove => ({
    move: { phase, source: 'kb_shared', target: 'kb_t_acme' } as IsolationMoveRow,
    tenant: {} as TenantRow,
    source: generation('one'),
    target: generation('one'),
    running: 0,
    phaseAgeMs: 0,
    ...changes,
  })

  it('copies, although jobs run', () => {
    expect(planMove(observed('copying', { running: 3 }), timing)).to.deep.equal({ kind: 'copy-points' })
  })

  it('says what is in the way of copying', () => {
    const told = (changes: Partial<ObservedMove>) => planMove(observed('copying', changes), timing)
    expect(told({ target: null })).to.include({ kind: 'wait' }).with.property('message').that.contains('kb_t_acme') // prettier-ignore
    expect(told({ target: generation('two') })).to.include({ kind: 'wait' }).with.property('message').that.matches(/another model \(one\).+two.+reprocess/) // prettier-ignore
  })

  it('compares and switches when no job runs any more', () => {
    expect(planMove(observed('catching-up', { running: 2 }), timing)).to.deep.equal({ kind: 'wait', ms: 200, message: '2 jobs of the tenant are still at work' }) // prettier-ignore
    expect(planMove(observed('catching-up'), timing)).to.deep.equal({ kind: 'catch-up' })
  })

  it('lets jobs go on when every process knows the place, and clears the old one when nobody reads there any more', () => {
    expect(planMove(observed('settling', { phaseAgeMs: 4999 }), timing)).to.deep.equal({ kind: 'wait', ms: 1, message: null }) // prettier-ignore
    expect(planMove(observed('settling', { phaseAgeMs: 5000 }), timing)).to.deep.equal({ kind: 'release-jobs' })
    expect(planMove(observed('clearing', { phaseAgeMs: 5000 }), timing)).to.deep.equal({ kind: 'wait', ms: 1000, message: null }) // prettier-ignore
    expect(planMove(observed('clearing', { phaseAgeMs: 60_000 }), timing)).to.deep.equal({ kind: 'clear-source' })
  })

  it('has nothing more to do when it is over', () => {
    for (const phase of ['done', 'cancelled'] as const)
      expect(planMove(observed(phase), timing)).to.include({ kind: 'wait' })
  })
})
