/** The error that a promise ends with; it must end with one. */
export async function rejection(work: Promise<unknown>): Promise<Error> {
  let result: unknown
  try {
    result = await work
  } catch (error) {
    if (error instanceof Error) return error
    throw error
  }
  throw new Error(`should have been rejected, gave ${JSON.stringify(result)}`)
}

/** The same, of this kind. Not an argument of {@link rejection}, which lists of promises are mapped with. */
export async function rejectionOf<E extends Error>(
  work: Promise<unknown>,
  kind: abstract new (...args: never[]) => E,
): Promise<E> {
  const error = await rejection(work)
  if (error instanceof kind) return error
  throw new Error(`should have been rejected with ${kind.name}, was with ${String(error)}`, { cause: error })
}
