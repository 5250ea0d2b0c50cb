/** Causes of causes; deeper ones say nothing new. */
const DEEPEST = 4
const LONGEST_MESSAGE = 2_000

/**
 * An error as the log has it: what it is, what it says, where it was thrown and why. Not its other properties, as pino's own has them: clients
 * hang the whole request on their errors, with its headers, its parameters and the row that was refused. Pure.
 */
export function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { message: String(error).slice(0, LONGEST_MESSAGE) }
  const { code, status } = error as { code?: unknown; status?: unknown }
  return {
    type: error.name === 'Error' ? error.constructor.name : error.name,
    message: error.message.slice(0, LONGEST_MESSAGE),
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    ...(typeof status === 'number' && { status }),
    stack: frames(error),
    ...(error instanceof AggregateError && depth < DEEPEST && { errors: error.errors.map(one => describeError(one, depth + 1)) }), // prettier-ignore
    ...(error.cause !== undefined && depth < DEEPEST && { cause: describeError(error.cause, depth + 1) }),
  }
}

/** The stack begins with the message, which may be long. */
function frames({ stack }: Error): string | undefined {
  const first = stack?.search(/^\s+at /m) ?? -1
  return first < 0 ? undefined : stack?.slice(first)
}
