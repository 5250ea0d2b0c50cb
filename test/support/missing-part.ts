/** A server that a test needs is not on this machine: a failure in CI, a loud skip elsewhere. */
export class MissingPart extends Error {
  override readonly name = 'MissingPart'
}

/** Gives what `part` resolves to; without it, skips the running test or hook (`this` of mocha), in CI fails. */
export async function orSkip<T>(context: Mocha.Context, part: Promise<T>): Promise<T> {
  try {
    return await part
  } catch (error) {
    if (!(error instanceof MissingPart) || process.env['CI']) throw error
    console.warn(`\n!! SKIPPED: ${error.message}\n`)
    return context.skip()
  }
}
