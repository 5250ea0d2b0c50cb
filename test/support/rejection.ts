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
