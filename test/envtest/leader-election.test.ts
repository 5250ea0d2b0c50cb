import { CoordinationV1Api } from '@kubernetes/client-node'
import { expect } from 'chai'
import { afterEach, before, beforeEach, describe, it } from 'mocha'
import { KubernetesClient } from '../../operator/runtime/kubernetes-client.ts'
import { kubeTransport, type Transport } from '../../operator/runtime/kubernetes-transport.ts'
import { LeadershipLost, takePart, type Leadership } from '../../operator/runtime/leader-election.ts'
import { makeNamespace } from '../support/cluster-objects.ts'
import { eventually } from '../support/eventually.ts'
import { kubeApiServer, type TestApiServer } from '../support/kube-apiserver.ts'
import { ManualTimers } from '../support/manual-timers.ts'
import { orSkip } from '../support/missing-part.ts'

const LEASE_MS = 15_000
const DEADLINE_MS = 10_000
const RETRY_MS = 2_000

/** One replica. `cutOff` breaks its connection as a partitioned network does: requests get no answer while it lasts. */
interface Replica {
  readonly leadership: () => Leadership | null
  /** How often it became leader. */
  readonly terms: () => number
  readonly cutOff: (broken: boolean) => void
  /** Ends it without a chance to release the Lease, as `kill -9` does. */
  readonly kill: () => void
  readonly shutDown: () => Promise<void>
  /** Requests that the server has not answered yet; those that are cut off do not count. */
  readonly underway: () => number
}

describe('leader election', function () {
  this.timeout(30_000)
  let server: TestApiServer
  let timers: ManualTimers
  let namespace: string
  const replicas: Replica[] = []

  before(async function () {
    this.timeout(900_000)
    server = await orSkip(this, kubeApiServer())
  })

  beforeEach(async () => {
    timers = new ManualTimers()
    namespace = await makeNamespace(server.kubeConfig(), 'election')
  })

  afterEach(async () => {
    for (const replica of replicas.splice(0)) {
      replica.cutOff(false)
      await replica.shutDown()
    }
  })

  function start(identity: string): Replica {
    const stop = new AbortController()
    const killed = new AbortController()
    let whole: PromiseWithResolvers<void> | null = null
    let underway = 0
    let terms = 0
    let leadership: Leadership | null = null
    const real = kubeTransport(server.kubeConfig(), 'election-test')
    const transport: Transport = async request => {
      if (killed.signal.aborted) throw new Error('killed')
      if (whole) await whole.promise.then(() => Promise.reject(new Error('the connection was lost')))
      underway++
      const ended = () => underway--
      // Until its body is read: what follows from the answer begins only then.
      return real(request).then(
        response => response.once('close', ended),
        (error: Error) => {
          ended()
          throw error
        },
      )
    }
    const running = takePart(
      {
        client: new KubernetesClient(transport),
        namespace,
        name: 'selfrag-operator',
        identity,
        leaseMs: LEASE_MS,
        renewDeadlineMs: DEADLINE_MS,
        retryMs: RETRY_MS,
        timers,
        now: () => new Date(),
        log: { info: () => undefined, warn: () => undefined },
      },
      async mine => {
        terms++
        leadership = mine
        await new Promise<void>(resolve => {
          mine.signal.addEventListener('abort', () => resolve())
          stop.signal.addEventListener('abort', () => resolve())
        })
        leadership = null
      },
      stop.signal,
    )
    const replica: Replica = {
      leadership: () => leadership,
      terms: () => terms,
      cutOff: broken => {
        whole?.resolve()
        whole = broken ? Promise.withResolvers() : null
      },
      kill: () => {
        killed.abort()
        stop.abort()
      },
      shutDown: async () => {
        stop.abort()
        await running
      },
      underway: () => underway,
    }
    replicas.push(replica)
    return replica
  }

  const lease = () =>
    server.kubeConfig().makeApiClient(CoordinationV1Api).readNamespacedLease({ namespace, name: 'selfrag-operator' })

  /** Turns the clock until `check` holds, never letting a request in flight fall behind it. */
  async function turnUntil(check: () => void, stepMs = RETRY_MS): Promise<number> {
    const start = timers.now()
    await eventually(async () => {
      try {
        check()
      } catch (error) {
        await settle()
        timers.advance(stepMs)
        throw error
      }
    })
    return timers.now() - start
  }

  /** Lets requests that were sent be answered, and those that follow from the answers. */
  async function settle(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet++) {
      await new Promise(resolve => setTimeout(resolve, 10))
      if (replicas.some(replica => replica.underway() > 0)) quiet = -1
    }
  }

  it('has one leader among two replicas, and a Lease that names it', async () => {
    const [a, b] = [start('a'), start('b')]
    await turnUntil(() => expect([a, b].filter(replica => replica.leadership())).to.have.length(1))
    for (let turn = 0; turn < 10; turn++) {
      await settle()
      timers.advance(RETRY_MS)
      expect([a, b].filter(replica => replica.leadership())).to.have.length(1)
    }
    const { spec } = await lease()
    expect(spec?.holderIdentity).to.equal(a.leadership() ? 'a' : 'b')
    expect(spec?.leaseDurationSeconds).to.equal(15)
  })

  it('hands over at once when the leader shuts down, for it gives the Lease back', async () => {
    const a = start('a')
    await turnUntil(() => expect(a.leadership()).not.to.equal(null))
    const b = start('b')
    await settle()
    await a.shutDown()
    expect((await lease()).spec?.holderIdentity).to.equal('')
    const waited = await turnUntil(() => expect(b.leadership()).not.to.equal(null))
    expect(waited).to.be.at.most(2 * RETRY_MS)
    expect((await lease()).spec?.leaseTransitions).to.equal(1)
  })

  it('takes over from a leader that was killed, not before its Lease has run out', async () => {
    const a = start('a')
    await turnUntil(() => expect(a.leadership()).not.to.equal(null))
    const b = start('b')
    await settle()
    a.kill()
    const waited = await turnUntil(() => expect(b.leadership()).not.to.equal(null))
    expect(waited).to.be.within(LEASE_MS - RETRY_MS, LEASE_MS + 2 * RETRY_MS)
  })

  it('deposes a leader that is cut off before anybody else can lead', async () => {
    const a = start('a')
    await turnUntil(() => expect(a.leadership()).not.to.equal(null))
    const b = start('b')
    await settle()
    const mine = a.leadership()
    a.cutOff(true)
    const lost = await turnUntil(() => expect(mine?.signal.aborted).to.equal(true))
    expect(lost).to.be.at.most(DEADLINE_MS + RETRY_MS)
    expect(b.leadership()).to.equal(null)
    expect(() => mine?.assert()).to.throw(LeadershipLost)
    await turnUntil(() => expect(b.leadership()).not.to.equal(null))
    expect(b.terms()).to.equal(1)
  })

  it('refuses a write after the deadline even when no timer has run', async () => {
    const a = start('a')
    await turnUntil(() => expect(a.leadership()).not.to.equal(null))
    const mine = a.leadership()
    a.cutOff(true)
    expect(() => mine?.assert()).not.to.throw()
    // As a process that was stopped for a while finds itself: the clock is ahead, its timers have not fired.
    timers.stall(60_000)
    expect(mine?.signal.aborted).to.equal(false)
    expect(() => mine?.assert()).to.throw(LeadershipLost)
  })

  it('keeps leading through failures that are shorter than the deadline', async () => {
    const a = start('a')
    await settle()
    expect(a.leadership()).not.to.equal(null)
    const mine = a.leadership()
    a.cutOff(true)
    timers.advance(DEADLINE_MS - RETRY_MS - 1)
    await settle()
    expect(mine?.signal.aborted).to.equal(false)
  })

  it('can lead again after it was deposed', async () => {
    const a = start('a')
    await turnUntil(() => expect(a.leadership()).not.to.equal(null))
    a.cutOff(true)
    await turnUntil(() => expect(a.leadership()).to.equal(null))
    a.cutOff(false)
    await turnUntil(() => expect(a.leadership()).not.to.equal(null))
    expect(a.terms()).to.equal(2)
  })
})
