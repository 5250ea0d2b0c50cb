import { type KubernetesClient } from './kubernetes-client.ts'
import { isConflict, KubernetesError } from './kubernetes-error.ts'
import { type KubernetesObject, type ResourceType } from './kubernetes-object.ts'
import { pause, type Timers } from './timers.ts'

export interface Lease extends KubernetesObject {
  readonly spec?: {
    readonly holderIdentity?: string
    readonly leaseDurationSeconds?: number
    readonly acquireTime?: string
    readonly renewTime?: string
    readonly leaseTransitions?: number
  }
}

const leaseType: ResourceType = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
}

export interface ElectionOptions {
  readonly client: KubernetesClient
  readonly namespace: string
  readonly name: string
  /** Unique to this process. */
  readonly identity: string
  /** After so long without a sign of life others take over. */
  readonly leaseMs: number
  /** After so long without a renewal the leader stops; shorter than `leaseMs`, so that two never lead at once. */
  readonly renewDeadlineMs: number
  readonly retryMs: number
  readonly timers: Timers
  /** For the times in the Lease, which people read; nothing is decided by them. */
  readonly now: () => Date
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
}

/** The right to write, for as long as it lasts. */
export interface Leadership {
  /** Aborts when leadership is lost. */
  readonly signal: AbortSignal
  /**
   * @throws LeadershipLost as soon as the renew deadline has passed, even when a busy event loop has kept the signal's timer
   *   from running
   */
  assert(): void
}

export class LeadershipLost extends Error {
  override readonly name = 'LeadershipLost'
}

/**
 * Takes part in the election until `signal` aborts, and runs `lead` whenever this process is the leader. `lead` must end at
 * once when leadership is lost, and soon after `signal` aborts: it finishes its work, then the Lease is given back, so that a
 * successor need not wait.
 *
 * Whether another holder is alive is judged by when we saw its Lease change, on our own clock, never by the times in it:
 * clocks of nodes differ.
 */
export async function takePart(
  options: ElectionOptions,
  lead: (leadership: Leadership) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  if (options.renewDeadlineMs >= options.leaseMs)
    throw new RangeError('the renew deadline must be below the lease time')
  const candidate = new Candidate(options)
  while (!signal.aborted) {
    if (!(await candidate.tryAcquire())) await pause(options.timers, options.retryMs, signal)
    else if (signal.aborted) await candidate.release()
    else await leadWhileRenewing(options, candidate, lead)
  }
}

async function leadWhileRenewing(
  options: ElectionOptions,
  candidate: Candidate,
  lead: (leadership: Leadership) => Promise<void>,
): Promise<void> {
  const { log, identity } = options
  const lost = new AbortController()
  const ended = new AbortController()
  const leadership: Leadership = {
    signal: lost.signal,
    assert: () => {
      if (!lost.signal.aborted && candidate.leftMs() <= 0) lost.abort(new LeadershipLost('not renewed in time'))
      lost.signal.throwIfAborted()
    },
  }
  log.info({ identity, lease: options.name }, 'leading')
  const renewing = renew(options, candidate, lost, ended.signal)
  try {
    // Shutting down: the work ends first, then the Lease is released.
    await lead(leadership)
  } finally {
    ended.abort()
    await renewing
    if (lost.signal.aborted) log.warn({ identity, err: lost.signal.reason as unknown }, 'leadership lost')
    else await candidate.release()
  }
}

/** Keeps the Lease until `ended`; aborts `lost` when it cannot. */
async function renew(
  options: ElectionOptions,
  candidate: Candidate,
  lost: AbortController,
  ended: AbortSignal,
): Promise<void> {
  const lapse = () => lost.abort(new LeadershipLost(`the Lease could not be renewed for ${options.renewDeadlineMs} ms`))
  const lapsed = aborted(lost.signal)
  while (!ended.aborted && !lost.signal.aborted) {
    const cancel = options.timers.after(Math.max(0, candidate.leftMs()), lapse)
    await pause(options.timers, options.retryMs, AbortSignal.any([ended, lost.signal]))
    if (!ended.aborted && !lost.signal.aborted) {
      // A request that hangs must not outlive the deadline: whoever comes first, answer or lapse.
      const outcome = await Promise.race([candidate.tryAcquire(), lapsed])
      if (outcome === false && !candidate.holds) lost.abort(new LeadershipLost('another replica holds the Lease'))
    }
    cancel()
  }
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise(resolve => {
    if (signal.aborted) resolve(null)
    else signal.addEventListener('abort', () => resolve(null), { once: true })
  })
}

/** What this process knows of the Lease. */
class Candidate {
  readonly #options: ElectionOptions
  #lease: Lease | null = null
  /** When the Lease was last seen to be different from before. */
  #changedAt = 0
  #renewedAt = -Infinity

  constructor(options: ElectionOptions) {
    this.#options = options
  }

  get holds(): boolean {
    return this.#lease?.spec?.holderIdentity === this.#options.identity
  }

  /** Milliseconds until we must stop. */
  leftMs(): number {
    return this.#renewedAt + this.#options.renewDeadlineMs - this.#options.timers.now()
  }

  /** Whether we hold the Lease, freshly renewed. False also when the API server could not be asked. */
  async tryAcquire(): Promise<boolean> {
    // Taken before the request: the time that it takes must not lengthen our term.
    const start = this.#options.timers.now()
    try {
      await this.#read()
      if (!this.holds && this.#aliveElsewhere()) return false
      this.#lease = await this.#write()
      this.#changedAt = this.#renewedAt = start
      return true
    } catch (error) {
      this.#tell(error)
      return false
    }
  }

  /** Lets a successor start at once. A failure only costs it the wait. */
  async release(): Promise<void> {
    if (!this.#lease || !this.holds) return
    const spec = { ...this.#lease.spec, holderIdentity: '', leaseDurationSeconds: 1 }
    try {
      await this.#options.client.replace<Lease>(leaseType, { ...this.#lease, spec })
      this.#renewedAt = -Infinity
    } catch (error) {
      this.#tell(error)
    }
  }

  async #read(): Promise<void> {
    const { client, name, namespace } = this.#options
    const lease = await client.get<Lease>(leaseType, { name, namespace })
    if (lease?.metadata.resourceVersion !== this.#lease?.metadata.resourceVersion) {
      this.#changedAt = this.#options.timers.now()
    }
    this.#lease = lease
  }

  #aliveElsewhere(): boolean {
    const { holderIdentity, leaseDurationSeconds } = this.#lease?.spec ?? {}
    if (!holderIdentity) return false
    const lasts = leaseDurationSeconds ? leaseDurationSeconds * 1000 : this.#options.leaseMs
    return this.#options.timers.now() < this.#changedAt + lasts
  }

  async #write(): Promise<Lease> {
    const { client, name, namespace, identity, leaseMs } = this.#options
    const now = microTime(this.#options.now())
    const before = this.#lease?.spec
    const spec = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.max(1, Math.ceil(leaseMs / 1000)),
      acquireTime: this.holds ? (before?.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: (before?.leaseTransitions ?? 0) + (before && !this.holds ? 1 : 0),
    }
    const { apiVersion, kind } = leaseType
    if (!this.#lease) return client.create<Lease>(leaseType, { apiVersion, kind, metadata: { name, namespace }, spec })
    return client.replace<Lease>(leaseType, { ...this.#lease, spec })
  }

  #tell(error: unknown): void {
    // Another candidate was faster: nothing to tell.
    if (isConflict(error) || (error instanceof KubernetesError && error.reason === 'AlreadyExists')) return
    this.#options.log.warn({ err: error, lease: this.#options.name }, 'cannot reach the Lease')
  }
}

/** metav1.MicroTime. */
function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z')
}
