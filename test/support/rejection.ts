/** The error that a promise ends with; it must end with one, and of this kind where one is named. */
export async function rejection(work: Promise<unknown>): Promise<Error>
export async function rejection<E extends Error>(
  work: Promise<unknown>,
  kind: abstract new (...args: never[]) => E,
): Promise<E>
export async function rejection(
  work: Promise<unknown>,
  kind: abstract new (...args: never[]) => Error = Error,
): Promise<Error> {
  let result: unknown
  try {
    result = await work
  } catch (error) {
    if (error instanceof kind) return error
    if (kind === Error) throw error
    throw new Error(`should have been rejected with ${kind.name}, was with ${String(error)}`, { cause: error })
  }
  throw new Error(`should have been rejected, gave ${JSON.stringify(result)}`)
}
