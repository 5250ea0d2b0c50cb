import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { WorkQueue } from '../../../operator/runtime/work-queue.ts'
import { ManualTimers } from '../../support/manual-timers.ts'

function setUp(random = 0) {
  const timers = new ManualTimers()
  const queue = new WorkQueue({ timers, backoff: { baseMs: 100, maxMs: 1000 }, random: () => random })
  return { timers, queue }
}

/** The keys that can be had now, without waiting. */
async function takeAll(queue: WorkQueue): Promise<string[]> {
  const taken: string[] = []
  while (queue.depth > 0) taken.push((await queue.next()) ?? '')
  return taken
}

describe('work queue', () => {
  it('gives a key once, however often it was added, in order of arrival', async () => {
    const { queue } = setUp()
    for (const key of ['b', 'a', 'b', 'a', 'c']) queue.add(key)
    expect(await takeAll(queue)).to.deep.equal(['b', 'a', 'c'])
  })

  it('keeps a key that is added while it is worked on until that work is done', async () => {
    const { queue } = setUp()
    queue.add('a')
    expect(await queue.next()).to.equal('a')
    queue.add('a')
    queue.add('b')
    expect(await queue.next()).to.equal('b')
    let second: string | null | undefined
    const next = queue.next().then(key => (second = key))
    await Promise.resolve()
    expect(second).to.equal(undefined)
    queue.done('a')
    expect(await next).to.equal('a')
  })

  it('tells how long keys wait and how long workers have them', async () => {
    const timers = new ManualTimers()
    const waited: number[] = []
    const queue = new WorkQueue({ timers, backoff: { baseMs: 100, maxMs: 1000 }, random: () => 0, waited: ms => waited.push(ms) }) // prettier-ignore
    const idle = { depth: 0, failing: 0, running: 0, longestWaitMs: 0, longestRunMs: 0 }
    expect(queue.state).to.deep.equal(idle)
    queue.add('a')
    timers.advance(3)
    queue.add('b')
    queue.add('a')
    timers.advance(2)
    expect(queue.state).to.deep.equal({ ...idle, depth: 2, longestWaitMs: 5 })
    await queue.next()
    queue.add('a')
    timers.advance(10)
    expect(queue.state).to.deep.equal({ ...idle, depth: 2, running: 1, longestWaitMs: 12, longestRunMs: 10 })
    queue.done('a')
    await takeAll(queue)
    expect(waited, 'what is added while it runs waits from then on').to.deep.equal([5, 12, 10])
    queue.addFailed('b')
    queue.done('a')
    queue.done('b')
    expect(queue.state).to.deep.equal({ ...idle, failing: 1 })
    queue.forget('b')
    expect(queue.state).to.deep.equal(idle)
  })

  it('wakes a worker that waits', async () => {
    const { queue } = setUp()
    const next = queue.next()
    queue.add('late')
    expect(await next).to.equal('late')
  })

  it('adds later, at the earliest of the times asked for', async () => {
    const { queue, timers } = setUp()
    queue.addAfter('a', 500)
    queue.addAfter('a', 200)
    queue.addAfter('a', 900)
    timers.advance(199)
    expect(queue.depth).to.equal(0)
    timers.advance(1)
    expect(await takeAll(queue)).to.deep.equal(['a'])
    queue.done('a')
    timers.advance(5000)
    expect(queue.depth, 'the later times were dropped').to.equal(0)
  })

  it('forgets a planned run when the key is run before', async () => {
    const { queue, timers } = setUp()
    queue.addAfter('a', 500)
    queue.add('a')
    expect(await takeAll(queue)).to.deep.equal(['a'])
    queue.done('a')
    timers.advance(1000)
    expect(queue.depth).to.equal(0)
  })

  it('backs off per key, doubling to the maximum, until the key succeeds', () => {
    const { queue } = setUp(0.999_999)
    const delays = Array.from({ length: 6 }, () => Math.round(queue.addFailed('a')))
    expect(delays).to.deep.equal([100, 200, 400, 800, 1000, 1000])
    expect(Math.round(queue.addFailed('other')), 'another key starts anew').to.equal(100)
    queue.forget('a')
    expect(queue.failures('a')).to.equal(0)
    expect(Math.round(queue.addFailed('a'))).to.equal(100)
  })

  it('spreads retries by up to half of the delay', () => {
    expect(setUp(0).queue.addFailed('a')).to.equal(50)
    expect(setUp(0.5).queue.addFailed('a')).to.equal(75)
  })

  it('lets every worker go at shutdown, and takes nothing more', async () => {
    const { queue, timers } = setUp()
    queue.add('running')
    await queue.next()
    const idle = [queue.next(), queue.next()]
    queue.addAfter('planned', 100)
    queue.shutdown()
    expect(await Promise.all(idle)).to.deep.equal([null, null])
    queue.add('more')
    queue.done('running')
    expect(timers.planned).to.equal(0)
    expect(await queue.next()).to.equal(null)
  })

  it('never has a key with two workers at once and never loses an addition, in any order of calls', async () => {
    const action = fc.record({ kind: fc.constantFrom('add', 'take', 'done', 'later'), key: fc.constantFrom('a', 'b') })
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60 }), async actions => {
        const { queue, timers } = setUp()
        const running = new Set<string>()
        const owed = new Set<string>()
        for (const { kind, key } of actions) {
          if (kind === 'add') queue.add(key)
          if (kind === 'later') queue.addAfter(key, 10)
          if (kind === 'later') timers.advance(10)
          if (kind === 'add' || kind === 'later') owed.add(key)
          const free = [...owed].some(candidate => !running.has(candidate))
          if (kind === 'take' && free) {
            const taken = (await queue.next()) ?? ''
            expect(running.has(taken), `${taken} runs twice`).to.equal(false)
            expect(owed.delete(taken), `${taken} was not asked for`).to.equal(true)
            running.add(taken)
          }
          if (kind === 'done' && running.delete(key)) queue.done(key)
        }
        for (const key of running) queue.done(key)
        expect((await takeAll(queue)).sort()).to.deep.equal([...owed].sort())
      }),
      { numRuns: 300 },
    )
  })
})
