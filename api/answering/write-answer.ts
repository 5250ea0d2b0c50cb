import type { Completion, CompletionRequest, Llm } from '../providers/llms/llm.ts'
import type { Answer, AnswerPiece, NumberedSources } from './answer.ts'
import { CitationReader } from './citation-reader.ts'
import { mapStream } from './map-stream.ts'
import type { Analyze, TermWeight } from './term-overlap.ts'

export interface Writing {
  readonly llm: Llm
  readonly request: CompletionRequest
  /** The ones that the messages of the request show. */
  readonly sources: NumberedSources
  readonly analyze: Analyze
  readonly weight: TermWeight
  /** False: the model is asked for the whole at once, which can be repeated when it fails. */
  readonly streamed: boolean
}

export interface Written {
  readonly answer: Answer
  readonly usage: Completion['usage']
  readonly finishReason: Completion['finishReason']
  readonly by: { readonly provider: string; readonly model: string }
}

/**
 * Has a model write an answer: gives what may be shown of it as it comes, its citations checked, then the whole. Leaving
 * early ends the model's request.
 * @throws ProviderError
 */
export async function* writeAnswer(writing: Writing): AsyncGenerator<AnswerPiece, Written, void> {
  const { llm, request, streamed } = writing
  const reader = new CitationReader(writing.sources, writing.analyze, writing.weight)
  const completion = yield* streamed
    ? mapStream(llm.stream(request), delta => [reader.read(delta)])
    : whole(await llm.complete(request), reader)
  yield reader.end()
  const by = completion.by ?? { provider: llm.provider, model: llm.model }
  return { answer: reader.answer, usage: completion.usage, finishReason: completion.finishReason, by }
}

function* whole(completion: Completion, reader: CitationReader): Generator<AnswerPiece, Completion, void> {
  yield reader.read(completion.text)
  return completion
}
