import type { Completion } from './llm.ts'

type Stream = AsyncGenerator<string, Completion, void>

/** The rest of a stream whose first step was taken already. Leaving early ends it. */
export async function* resumeStream(stream: Stream, first: IteratorResult<string, Completion>): Stream {
  let step = first
  try {
    while (!step.done) {
      yield step.value
      step = await stream.next()
    }
    return step.value
  } finally {
    // Nothing, when it has ended.
    await stream.return(undefined as never)
  }
}
