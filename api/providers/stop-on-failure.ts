/**
 * Runs work that does several things at once, with a signal that is aborted as soon as one of them fails: what is still queued
 * of the rest would be for nobody.
 * @param signals those that end the work from outside
 */
export async function stopOnFailure<T>(
  signals: readonly (AbortSignal | undefined)[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const failed = new AbortController()
  try {
    return await work(AbortSignal.any([failed.signal, ...signals.filter(signal => signal !== undefined)]))
  } catch (error) {
    failed.abort(error)
    throw error
  }
}
