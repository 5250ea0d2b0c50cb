import type { Answer, Citation } from '../answering/answer.ts'
import type { Message, Usage } from '../providers/llms/llm.ts'
import type { RetrievedChunk } from '../retrieval/retriever.ts'
import type { RetrievalRequest, RetrievalResult } from './retrieval.ts'

export interface AnswerRequest extends RetrievalRequest {
  /** Said to the model before the rules, after what the knowledge base says. */
  readonly instructions?: readonly string[] | undefined
  /** What was said before the question, oldest first. */
  readonly history?: readonly Message[] | undefined
  /** 0…2; default 0. */
  readonly temperature?: number | undefined
  /** Of the answer; default 1024. */
  readonly maxTokens?: number | undefined
}

/** A chunk with the number that the answer cites it with. */
export interface NumberedChunk extends RetrievedChunk {
  readonly index: number
}

/** What happens while an answer is made, in this order of appearance. */
export type AnswerEvent =
  | { readonly type: 'retrieval'; readonly retrieval: RetrievalResult; readonly sources: readonly NumberedChunk[] }
  | { readonly type: 'delta'; readonly text: string }
  | { readonly type: 'citation'; readonly citation: Citation }

export interface AnswerResult {
  readonly answer: Answer
  readonly retrieval: RetrievalResult
  /** What the answer was made from: `[n]` is `sources[n - 1]`. */
  readonly sources: readonly NumberedChunk[]
  /** Null: the answer is made of sentences from the sources. */
  readonly llm: { readonly provider: string; readonly model: string } | null
  /** Zero when no model was asked. */
  readonly usage: Usage
  /** `length`: the model was cut off by the limit of tokens. */
  readonly finishReason: 'stop' | 'length'
  readonly timingsMs: Readonly<Record<string, number>>
}
