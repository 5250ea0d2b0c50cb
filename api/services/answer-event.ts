import type { Answer, AnswerPiece, Citation } from '../answering/answer.ts'
import type { SelfRagLimits } from '../answering/self-rag/limits.ts'
import type { Reflection, SelfRagResult } from '../answering/self-rag/run-self-rag.ts'
import type { Message, Usage } from '../providers/llms/llm.ts'
import type { RetrievedChunk } from '../retrieval/retriever.ts'
import type { RetrievalRequest, RetrievalResult } from './retrieval.ts'

export interface AnswerRequest extends RetrievalRequest {
  /** `self_rag`: retrieval, draft and answer are checked and repeated; needs an LLM. Default `simple`. */
  readonly mode?: 'simple' | 'self_rag' | undefined
  /** Of `self_rag`, where it is to cost less. */
  readonly limits?: Partial<SelfRagLimits> | undefined
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
  | { readonly type: 'reflection'; readonly reflection: Reflection }

export interface AnswerResult {
  readonly answer: Answer
  /** The last one; null when the question needed none (`self_rag`). */
  readonly retrieval: RetrievalResult | null
  /** What the answer was made from: `[n]` is `sources[n - 1]`. */
  readonly sources: readonly NumberedChunk[]
  /** Null: the answer is made of sentences from the sources. */
  readonly llm: { readonly provider: string; readonly model: string } | null
  /** Zero when no model was asked. */
  readonly usage: Usage
  /** `length`: the model was cut off by the limit of tokens. */
  readonly finishReason: 'stop' | 'length'
  readonly timingsMs: Readonly<Record<string, number>>
  /** With `self_rag` only. */
  readonly reflection?: Omit<SelfRagResult, 'answer' | 'usage'>
}

/** What a piece of an answer is told as. */
export function* pieceEvents({ text, citations }: AnswerPiece): Generator<AnswerEvent> {
  if (text !== '') yield { type: 'delta', text }
  for (const citation of citations) yield { type: 'citation', citation }
}
