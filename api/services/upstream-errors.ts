import { ApiError } from '../contract/error-codes.ts'
import { ProviderError } from '../providers/provider-error.ts'

/**
 * Runs `work`, and tells a model provider's failure as users of the API know it: 503 UPSTREAM_ERROR that names the
 * provider, with Retry-After when the provider said one.
 */
export async function upstreamErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof ProviderError ? upstreamError(error) : error
  }
}

/** The same for what comes piece by piece; ends the source when the reader leaves early. */
export async function* upstreamErrorsIn<T, R>(pieces: AsyncGenerator<T, R, void>): AsyncGenerator<T, R, void> {
  try {
    return yield* pieces
  } catch (error) {
    throw error instanceof ProviderError ? upstreamError(error) : error
  }
}

function upstreamError(error: ProviderError): ApiError {
  const wait = error.retryAfterSeconds
  return new ApiError('UPSTREAM_ERROR', error.message, {
    cause: error,
    ...(wait !== undefined && { headers: { 'retry-after': String(Math.ceil(wait)) } }),
  })
}
