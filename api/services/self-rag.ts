import { cutAnswer } from '../answering/cut-answer.ts'
import { mapStream } from '../answering/map-stream.ts'
import { type SelfRagLimits, mostSelfRag } from '../answering/self-rag/limits.ts'
import { type Reflection, type SelfRagTask, runSelfRag } from '../answering/self-rag/run-self-rag.ts'
import { sourceOf } from '../answering/source.ts'
import type { TermWeight } from '../answering/term-overlap.ts'
import { defined } from '../contract/defined.ts'
import type { Llm } from '../providers/llms/llm.ts'
import { tokenizeLike } from '../retrieval/bm25/analyzer.ts'
import type { TenantScope } from '../stores/postgres/tenant-scope.ts'
import {
  type AnswerEvent,
  type AnswerRequest,
  type AnswerResult,
  type NumberedChunk,
  pieceEvents,
} from './answer-event.ts'
import { MOST_RESULTS, type RetrievalResult, type RetrievalService } from './retrieval.ts'

export interface SelfRagParts {
  readonly scope: TenantScope
  readonly request: AnswerRequest
  /** Understandable by itself. */
  readonly question: string
  readonly instructions: readonly string[]
  readonly retrieval: RetrievalService
  readonly llm: Llm
  readonly weight: TermWeight
  readonly maxTokens: number
}

/** Answers with Self-RAG; the answer comes when it has been checked, sentence by sentence. */
export async function* selfRagEvents(parts: SelfRagParts): AsyncGenerator<AnswerEvent, AnswerResult, void> {
  const { request, llm } = parts
  const found = new Findings()
  const { answer, usage, ...reflection } = yield* mapStream(runSelfRag(taskOf(parts, found)), one => found.told(one))
  for (const piece of cutAnswer(answer)) yield* pieceEvents(piece)
  const { retrieval } = found
  return {
    answer,
    usage,
    reflection,
    retrieval: retrieval && request.query !== parts.question ? { ...retrieval, trace: { ...retrieval.trace, searched_for: parts.question } } : retrieval, // prettier-ignore
    sources: found.sources,
    llm: { provider: llm.provider, model: llm.model },
    finishReason: 'stop',
    timingsMs: retrieval?.timingsMs ?? {},
  }
}

function taskOf({ scope, request, retrieval, ...parts }: SelfRagParts, found: Findings): SelfRagTask {
  return {
    question: parts.question,
    instructions: parts.instructions,
    history: request.history ?? [],
    llm: parts.llm,
    async retrieve(query, wide) {
      const topK = wide && found.retrieval ? Math.min(MOST_RESULTS, 2 * found.retrieval.topK) : request.topK
      const result = await retrieval.retrieve(scope, { ...request, query, topK })
      found.add(result)
      return result.chunks.map(sourceOf)
    },
    analyze: tokenizeLike([request.query]),
    weight: parts.weight,
    limits: lowered(request.limits ?? {}),
    maxTokens: parts.maxTokens,
    temperature: request.temperature ?? 0,
    now: () => performance.now(),
    signal: request.signal,
  }
}

/** A request may ask for less, and not for more. */
function lowered(wanted: Partial<SelfRagLimits>): SelfRagLimits {
  const limits = { ...mostSelfRag, ...defined(wanted) }
  const least = (name: keyof SelfRagLimits) => Math.min(limits[name], mostSelfRag[name])
  return { iterations: least('iterations'), regenerations: least('regenerations'), calls: least('calls'), tokens: least('tokens'), milliseconds: least('milliseconds') } // prettier-ignore
}

/** What the retrievals of one answer found, numbered as the loop numbers it: by first appearance. */
class Findings {
  /** The last one. */
  retrieval: RetrievalResult | null = null
  readonly sources: NumberedChunk[] = []
  readonly #waiting: AnswerEvent[] = []

  add(retrieval: RetrievalResult): void {
    const known = new Set(this.sources.map(({ chunkId }) => chunkId))
    const fresh = retrieval.chunks
      .filter(({ chunkId }) => !known.has(chunkId))
      .map((chunk, place) => ({ ...chunk, index: this.sources.length + place + 1 }))
    this.retrieval = retrieval
    this.sources.push(...fresh)
    this.#waiting.push({ type: 'retrieval', retrieval, sources: fresh })
  }

  /** The first decision waits for the retrieval after it, so that what is wrong with that is told as an ordinary error. */
  told(reflection: Reflection): AnswerEvent[] {
    this.#waiting.push({ type: 'reflection', reflection })
    return reflection.step === 'decide' ? [] : this.#waiting.splice(0)
  }
}
