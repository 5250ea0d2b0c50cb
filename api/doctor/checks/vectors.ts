import { VectorStoreUnavailable } from '../../stores/vectors/vector-store.ts'
import { type Check, failed, type Finding, ok } from '../check.ts'
import { plain } from '../run-checks.ts'

const OLDEST = [1, 16] as const

/** The vector store answers, in time, and is new enough. */
export const vectorsCheck: Check = {
  name: 'vectors',
  timeoutMs: ({ configuration }) => configuration.QDRANT_TIMEOUT_SECONDS * 1000 + 2000,
  async examine({ configuration, vectors }, signal) {
    const started = performance.now()
    try {
      const about = await vectors.ping(signal)
      const version = /(\d+)\.(\d+)/.exec(about)?.slice(1).map(Number)
      if (vectors.engine === 'qdrant' && version && isOlder(version))
        return failed(about, `selfrag needs Qdrant ${OLDEST.join('.')} or newer`, 'upgrade Qdrant, one minor version after the other') // prettier-ignore
      return ok(`${about}, ${Math.round(performance.now() - started)} ms`)
    } catch (error) {
      return explain(error, configuration.QDRANT_TIMEOUT_SECONDS)
    }
  },
}

function isOlder([major = 0, minor = 0]: readonly number[]): boolean {
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])
}

function explain(error: unknown, seconds: number): Finding {
  const message = plain(error)
  const why = error instanceof VectorStoreUnavailable ? error.why : 'away'
  if (why === 'refused') return failed(message, 'Qdrant runs with another key, or with none that it tells', 'set QDRANT_API_KEY to QDRANT__SERVICE__API_KEY of the server') // prettier-ignore
  if (why === 'overloaded') return failed(message, 'Qdrant asks for patience', 'give it more memory and CPU, or send less at once (WORKER_CONCURRENCY)') // prettier-ignore
  if (/did not answer within|no answer/.test(message)) return failed(message, 'it is there and too slow: memory that swaps, a full disk, or an index that is being built', `see its log and GET /telemetry; raise QDRANT_TIMEOUT_SECONDS (${seconds}) if it only needs longer`) // prettier-ignore
  return failed(message, 'nobody answers there', 'see that Qdrant runs (its route is /readyz, not /health), that QDRANT_URL is right, and that its disk is not full') // prettier-ignore
}
