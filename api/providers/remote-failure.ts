import { ProviderError } from './provider-error.ts'

/** Requests that may succeed later although this one did not. */
const transientStatuses = new Set([408, 409, 425, 429])

/** A provider's own words, as far as they help; they may repeat the whole prompt. */
const LONGEST_MESSAGE = 300

/** What an HTTP error answer of a provider means. `message` is the provider's own. */
export function answeredWith(
  provider: string,
  status: number,
  message: string,
  headers: Headers | undefined,
  cause?: unknown,
): ProviderError {
  const seconds = retryAfterSeconds(headers?.get('retry-after'))
  return new ProviderError(provider, describe(status, message.slice(0, LONGEST_MESSAGE)), {
    // Out of credit is a 429 too, and no waiting helps.
    transient:
      (status >= 500 || transientStatuses.has(status)) &&
      !/insufficient_quota|exceeded your current quota/i.test(message),
    ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }),
    status,
    cause,
  })
}

/** The words in an error's body: providers say `error`, `error.message`, `message` or `detail`; a proxy says anything. */
export function errorText(body: string): string {
  try {
    const { error, message, detail } = JSON.parse(body) as Record<string, unknown>
    const words = [(error as { message?: unknown } | null)?.message, error, message, detail]
    return words.find(word => typeof word === 'string') ?? body
  } catch {
    return body
  }
}

function describe(status: number, message: string): string {
  // Providers repeat parts of a wrong key in this message.
  if (status === 401 || status === 403)
    return `refused the API key (${status}); check that it is the right one for this address`
  return `answered ${status}: ${message}`
}

/** No answer, or one that broke off. The address is shown without user, password and path. */
export function unreachable(provider: string, url: string, cause: unknown): ProviderError {
  const message = `cannot be reached at ${new URL(url).host}: ${innermost(cause)}`
  return new ProviderError(provider, message, { transient: true, cause })
}

/** A stream that ended before its end. */
export function brokenOff(provider: string, cause?: unknown): ProviderError {
  const reason = cause === undefined ? 'it has no end' : innermost(cause)
  return new ProviderError(provider, `the answer broke off: ${reason}`, { transient: true, cause })
}

/** An answer that is not what the protocol says, such as a proxy's login page. */
export function unusable(provider: string, what: string, cause?: unknown): ProviderError {
  return new ProviderError(provider, `gave an answer that cannot be used: ${what}`, { transient: true, cause })
}

/** fetch says "fetch failed"; what failed stands in the cause. */
function innermost(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.cause instanceof Error) return innermost(error.cause)
  return error.message || ((error as NodeJS.ErrnoException).code ?? error.name)
}

/** Retry-After is a number of seconds or a date. */
function retryAfterSeconds(value: string | null | undefined): number | undefined {
  if (!value) return undefined
  const seconds = /^\d+(\.\d+)?$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined
}
