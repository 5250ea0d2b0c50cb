/** One thing that the service needs. */
export interface Probe {
  readonly name: string
  /** The service goes on without it, worse: requests need not be sent elsewhere. */
  readonly optional?: boolean
  /** Resolves with a few words about the state, for people; rejects when the part cannot be used. */
  readonly check: (signal: AbortSignal) => Promise<string>
}

export interface CheckResult {
  readonly status: 'ok' | 'error'
  readonly message: string
  readonly latency_ms: number
}

export interface Readiness {
  /** `degraded`: something optional is away; requests are served. */
  readonly status: 'ok' | 'degraded' | 'error'
  readonly checks: Readonly<Record<string, CheckResult>>
  readonly timestamp: string
}

const TIMEOUT_MS = 3000

/** Asks every part whether it can be used: all at once, and none for longer than three seconds. */
export class ReadinessService {
  readonly #probes: readonly Probe[]
  readonly #now: () => Date
  #ending = false

  constructor(probes: readonly Probe[], now: () => Date) {
    this.#probes = probes
    this.#now = now
  }

  /** From now on it is not ready, whatever its parts are: nobody should send more. */
  end(): void {
    this.#ending = true
  }

  async check(): Promise<Readiness> {
    const results = await Promise.all(this.#all().map(async probe => ({ probe, result: await run(probe) })))
    const failed = results.filter(({ result }) => result.status === 'error')
    const status = failed.length === 0 ? 'ok' : failed.every(({ probe }) => probe.optional) ? 'degraded' : 'error'
    const checks = Object.fromEntries(results.map(({ probe, result }) => [probe.name, result]))
    return { status, checks, timestamp: this.#now().toISOString() }
  }

  #all(): readonly Probe[] {
    return this.#ending ? [stopping, ...this.#probes] : this.#probes
  }
}

const stopping: Probe = { name: 'process', check: () => Promise.reject(new Error('it is stopping')) }

async function run(probe: Probe): Promise<CheckResult> {
  const started = performance.now()
  const end = (status: CheckResult['status'], message: string): CheckResult => ({
    status,
    message,
    latency_ms: Math.round((performance.now() - started) * 10) / 10,
  })
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  try {
    return end('ok', await Promise.race([probe.check(signal), expired(signal)]))
  } catch (error) {
    return end('error', signal.aborted ? `no answer in ${TIMEOUT_MS / 1000} s` : describe(error))
  }
}

function expired(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
}

/** Everybody can read /ready: kinds of faults and addresses, but nothing that could hold a password. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown fault'
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : ''
  return (error.message || error.name).replace(/\/\/[^@/\s]*@/g, '//').slice(0, 300) + code
}
