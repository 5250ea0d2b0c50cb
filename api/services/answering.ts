import { type Answer, type Source, nothingFound } from '../answering/answer.ts'
import { citedAnswer } from '../answering/citations.ts'
import { extractiveAnswer } from '../answering/extractive.ts'
import { answerPrompt } from '../answering/prompt.ts'
import { sourceOf } from '../answering/source.ts'
import type { TermWeight } from '../answering/term-overlap.ts'
import { termWeight } from '../answering/term-weight.ts'
import type { Llm, Usage } from '../providers/llms/llm.ts'
import { tokenize } from '../retrieval/bm25/analyzer.ts'
import type { LexicalStatisticsCache } from '../retrieval/lexical-statistics-cache.ts'
import { pooled } from '../retrieval/lexical-statistics.ts'
import { Stopwatch } from '../retrieval/stopwatch.ts'
import type { TenantScope } from '../stores/postgres/tenant-scope.ts'
import type { RetrievalRequest, RetrievalResult, RetrievalService } from './retrieval.ts'
import { upstreamErrors } from './upstream-errors.ts'

export interface AnswerResult {
  readonly answer: Answer
  /** What the answer was made from, in the order of its citations' numbers. */
  readonly retrieval: RetrievalResult
  /** Null: the answer is made of sentences from the sources. */
  readonly llm: { readonly provider: string; readonly model: string } | null
  /** Zero when no model was asked. */
  readonly usage: Usage
  readonly timingsMs: Readonly<Record<string, number>>
}

export interface AnsweringServiceParts {
  readonly retrieval: RetrievalService
  readonly statistics: LexicalStatisticsCache
  /** Null when no LLM is configured: answers are extractive. */
  readonly llm: Llm | null
}

const NO_TOKENS: Usage = { promptTokens: 0, completionTokens: 0 }

/** Long enough for a page, so that a model that rambles ends. */
const MAX_ANSWER_TOKENS = 1024

/** Answers questions from retrieved chunks, with citations. */
export class AnsweringService {
  readonly #parts: AnsweringServiceParts

  constructor(parts: AnsweringServiceParts) {
    this.#parts = parts
  }

  /** @throws what RetrievalService.retrieve throws; ApiError UPSTREAM_ERROR naming the provider when the LLM fails */
  async answer(scope: TenantScope, request: RetrievalRequest): Promise<AnswerResult> {
    const stopwatch = new Stopwatch()
    const retrieval = await this.#parts.retrieval.retrieve(scope, request)
    const { answer, usage, llm } = await stopwatch.time('answer', () => this.#write(scope, request, retrieval))
    return { answer, usage, llm, retrieval, timingsMs: { ...retrieval.timingsMs, ...stopwatch.timings } }
  }

  async #write(
    scope: TenantScope,
    request: RetrievalRequest,
    retrieval: RetrievalResult,
  ): Promise<Pick<AnswerResult, 'answer' | 'usage' | 'llm'>> {
    const { llm } = this.#parts
    const sources = retrieval.chunks.map(sourceOf)
    // Nothing to answer from: a model asked all the same would make something up, and cost money.
    if (sources.length === 0) return { answer: nothingFound, usage: NO_TOKENS, llm: null }
    const weight = termWeight(pooled(await this.#parts.statistics.of(scope, retrieval.knowledgeBaseIds)))
    if (llm) return askModel(llm, request, sources, weight)
    return { answer: extractiveAnswer(request.query, sources, tokenize, weight), usage: NO_TOKENS, llm: null }
  }
}

async function askModel(llm: Llm, request: RetrievalRequest, sources: readonly Source[], weight: TermWeight) {
  const completion = await upstreamErrors(() =>
    llm.complete({
      messages: answerPrompt(request.query, sources),
      temperature: 0,
      maxTokens: MAX_ANSWER_TOKENS,
      ...(request.signal && { signal: request.signal }),
    }),
  )
  return {
    answer: citedAnswer(completion.text, sources, tokenize, weight),
    usage: completion.usage,
    llm: { provider: llm.provider, model: llm.model },
  }
}
