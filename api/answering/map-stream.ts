/**
 * Turns each value of a generator into any number of others, and hands its return value on. Whoever leaves in the middle
 * ends the source too, which `for await` would do as well, but it drops the return value.
 */
export async function* mapStream<T, U, R>(
  source: AsyncGenerator<T, R, void>,
  each: (value: T) => Iterable<U>,
): AsyncGenerator<U, R, void> {
  let ended = false
  try {
    for (;;) {
      const { done, value } = await source.next()
      ended = done === true
      if (done) return value
      yield* each(value)
    }
  } finally {
    if (!ended) await source.return(undefined as never)
  }
}
