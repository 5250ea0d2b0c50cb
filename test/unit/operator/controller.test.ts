import { expect } from 'chai'
import { describe, it } from 'mocha'
import {
  type ControllerRun,
  type ReconcileResult,
  RetryLater,
  runController,
} from '../../../operator/runtime/controller.ts'
import { WorkQueue } from '../../../operator/runtime/work-queue.ts'
import { eventually } from '../../support/eventually.ts'
import { ManualTimers } from '../../support/manual-timers.ts'

function start(reconcile: (key: string, signal: AbortSignal) => Promise<ReconcileResult>, workers = 2) {
  const timers = new ManualTimers()
  const queue = new WorkQueue({ timers, backoff: { baseMs: 100, maxMs: 1000 }, random: () => 0 })
  const [stop, hardStop] = [new AbortController(), new AbortController()]
  const outcomes: string[] = []
  const warnings: object[] = []
  const log = { debug: () => undefined, warn: (fields: object) => warnings.push(fields) }
  const retries: boolean[] = []
  const observe = ({ outcome, retry }: ControllerRun) => {
    outcomes.push(outcome)
    retries.push(retry)
  }
  const options = { name: 'test', queue, workers, reconcile, log, observe, now: () => timers.now() }
  const ended = runController(options, stop.signal, hardStop.signal)
  return { timers, queue, stop, hardStop, outcomes, retries, warnings, ended }
}

describe('controller', () => {
  it('runs a failed key again after its backoff, and tells why', async () => {
    let runs = 0
    const { queue, timers, outcomes, retries, warnings, stop, ended } = start(async () => {
      if (++runs < 3) throw new Error('not yet')
      return {}
    })
    queue.add('a')
    await eventually(() => expect(outcomes).to.have.length(1))
    timers.advance(49)
    expect(queue.depth).to.equal(0)
    timers.advance(1)
    await eventually(() => expect(outcomes).to.have.length(2))
    timers.advance(100)
    await eventually(() => expect(outcomes).to.deep.equal(['failed', 'failed', 'done']))
    expect(warnings).to.have.length(2)
    expect(retries).to.deep.equal([false, true, true])
    expect(queue.failures('a')).to.equal(0)
    stop.abort()
    await ended
  })

  it('does not come back before the time that a failed run names', async () => {
    const { queue, timers, outcomes, stop, ended } = start(async () => {
      throw new RetryLater('ask in five seconds', 5000)
    })
    queue.add('a')
    await eventually(() => expect(outcomes).to.deep.equal(['failed']))
    timers.advance(4999)
    expect(queue.depth).to.equal(0)
    expect(outcomes).to.have.length(1)
    timers.advance(1)
    await eventually(() => expect(outcomes).to.deep.equal(['failed', 'failed']))
    stop.abort()
    await ended
  })

  it('comes back when a run asks for it, which is no failure', async () => {
    const { queue, timers, outcomes, warnings, stop, ended } = start(async () => ({ requeueAfterMs: 5000 }))
    queue.add('a')
    await eventually(() => expect(outcomes).to.deep.equal(['waiting']))
    timers.advance(5000)
    await eventually(() => expect(outcomes).to.deep.equal(['waiting', 'waiting']))
    expect(warnings).to.deep.equal([])
    stop.abort()
    await ended
  })

  it('finishes what runs before it stops, and begins nothing more', async () => {
    const gate = Promise.withResolvers<void>()
    const runs: string[] = []
    const { queue, stop, ended } = start(async key => {
      runs.push(key)
      await gate.promise
      return {}
    }, 1)
    queue.add('running')
    queue.add('waiting')
    await eventually(() => expect(runs).to.deep.equal(['running']))
    let over = false
    stop.abort()
    void ended.then(() => (over = true))
    await new Promise(resolve => setImmediate(resolve))
    expect(over).to.equal(false)
    gate.resolve()
    await ended
    expect(runs).to.deep.equal(['running'])
  })

  it('cuts runs off at a hard stop without counting them as failures', async () => {
    const { queue, stop, hardStop, outcomes, warnings, ended } = start(
      (_key, signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    )
    queue.add('a')
    await new Promise(resolve => setImmediate(resolve))
    stop.abort()
    hardStop.abort()
    await ended
    expect(outcomes).to.deep.equal(['stopped'])
    expect(warnings).to.deep.equal([])
  })
})
