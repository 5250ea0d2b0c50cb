import { mapStream } from '../../../answering/map-stream.ts'
import type { AnswerEvent, AnswerResult } from '../../../services/answer-event.ts'
import { showUsage } from '../answer-shapes.ts'
import { type AnswerHead, type Chunk, showEvidence } from './chat-shapes.ts'

type Delta = Chunk['choices'][number]['delta']

/**
 * An answer as OpenAI's clients read it: a piece that names the speaker, pieces of text, one that says why it ended and
 * has the evidence, the usage where it is wanted, and the word that ends a stream.
 */
export async function* chatStream(
  head: AnswerHead,
  answer: AsyncGenerator<AnswerEvent, AnswerResult, void>,
  { includeUsage, note }: { readonly includeUsage: boolean; readonly note: (result: AnswerResult) => void },
) {
  const chunk = (choices: Chunk['choices'], more: Partial<Chunk> = {}) => {
    const usage = includeUsage && { usage: null }
    return { event: 'message', data: { ...head, object: 'chat.completion.chunk', choices, ...usage, ...more } } as const
  }
  const choice = (delta: Delta, finish: AnswerResult['finishReason'] | null = null): Chunk['choices'] => [
    { index: 0, delta, logprobs: null, finish_reason: finish },
  ]
  const result = yield* mapStream(answer, event => {
    // The first event comes when the sources are there: what is wrong before has its own status.
    if (event.type === 'retrieval') return [chunk(choice({ role: 'assistant', content: '' }))]
    return event.type === 'delta' ? [chunk(choice({ content: event.text }))] : []
  })
  note(result)
  yield chunk(choice({}, result.finishReason), showEvidence(result))
  if (includeUsage) yield chunk([], { usage: showUsage(result.usage) })
  yield { event: 'message', data: '[DONE]' } as const
}
