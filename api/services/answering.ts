import { type AnswerPiece, type Source, joined, nothingFound, numbered } from '../answering/answer.ts'
import { MAX_CONDENSED_TOKENS, condensePrompt, condensedQuestion } from '../answering/condense.ts'
import { extractivePieces } from '../answering/extractive.ts'
import { mapStream } from '../answering/map-stream.ts'
import { answerPrompt } from '../answering/prompt.ts'
import { sourceOf } from '../answering/source.ts'
import type { TermWeight } from '../answering/term-overlap.ts'
import { termWeight } from '../answering/term-weight.ts'
import { type Writing, type Written, writeAnswer } from '../answering/write-answer.ts'
import { ApiError } from '../contract/error-codes.ts'
import type { Llm, Usage } from '../providers/llms/llm.ts'
import { tokenizeLike } from '../retrieval/bm25/analyzer.ts'
import type { LexicalStatisticsCache } from '../retrieval/lexical-statistics-cache.ts'
import { pooled } from '../retrieval/lexical-statistics.ts'
import type { TenantScope } from '../stores/postgres/tenant-scope.ts'
import type { UsageMeter } from '../usage/usage-meter.ts'
import { type AnswerEvent, type AnswerRequest, type AnswerResult, pieceEvents } from './answer-event.ts'
import { instructionsFor } from './answer-instructions.ts'
import type { KnowledgeBaseDirectory } from './knowledge-base-directory.ts'
import type { LlmCache } from './llm-cache.ts'
import type { RequestModels } from './request-models.ts'
import type { RetrievalResult, RetrievalService } from './retrieval.ts'
import { selfRagEvents } from './self-rag.ts'
import { upstreamErrors, upstreamErrorsIn } from './upstream-errors.ts'

export interface AnsweringServiceParts {
  readonly retrieval: RetrievalService
  readonly knowledgeBases: KnowledgeBaseDirectory
  readonly statistics: LexicalStatisticsCache
  readonly models: RequestModels
  readonly llmCache: LlmCache
  readonly usage: UsageMeter
}

type Outcome = Pick<AnswerResult, 'answer' | 'usage' | 'llm' | 'finishReason'>

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
  async answer(scope: TenantScope, request: AnswerRequest): Promise<AnswerResult> {
    const events = this.#events(scope, request, false)
    for (;;) {
      const { done, value } = await events.next()
      if (done) return value
    }
  }

  /**
   * The same, telling what happens as it happens; the result is the generator's return value. Leaving early, or aborting
   * the signal, ends the model's request.
   */
  stream(scope: TenantScope, request: AnswerRequest): AsyncGenerator<AnswerEvent, AnswerResult, void> {
    return this.#events(scope, request, true)
  }

  async *#events(
    scope: TenantScope,
    request: AnswerRequest,
    streamed: boolean,
  ): AsyncGenerator<AnswerEvent, AnswerResult, void> {
    const result = yield* this.#answer(scope, request, streamed)
    this.#parts.usage.add(scope.tenantId, { answers: 1 })
    return result
  }

  async *#answer(
    scope: TenantScope,
    request: AnswerRequest,
    streamed: boolean,
  ): AsyncGenerator<AnswerEvent, AnswerResult, void> {
    const llm = await this.#llm(scope, request)
    if (request.mode === 'self_rag') return yield* upstreamErrorsIn(this.#selfRag(scope, request, llm))
    const { query, usage } = await searchedFor(request, llm)
    const found = await this.#parts.retrieval.retrieve(scope, { ...request, query })
    const retrieval = query === request.query ? found : { ...found, trace: { ...found.trace, searched_for: query } }
    const sources = retrieval.chunks.map((chunk, place) => ({ ...chunk, index: place + 1 }))
    yield { type: 'retrieval', retrieval, sources }
    const started = performance.now()
    const written = this.#write(scope, request, retrieval, llm, streamed)
    const outcome = yield* mapStream(upstreamErrorsIn(written), pieceEvents)
    const answerMs = Math.round((performance.now() - started) * 100) / 100
    return {
      ...outcome,
      usage: sum(usage, outcome.usage),
      retrieval,
      sources,
      timingsMs: { ...retrieval.timingsMs, answer: answerMs },
    }
  }

  /** Which knowledge bases there are is found out first: what is wrong with them must not cost a call. */
  async *#selfRag(
    scope: TenantScope,
    request: AnswerRequest,
    model: Llm | null,
  ): AsyncGenerator<AnswerEvent, AnswerResult, void> {
    const { knowledgeBases, statistics, llmCache, retrieval } = this.#parts
    const searched = await knowledgeBases.resolve(scope, request.knowledgeBaseIds ?? [])
    const ids = searched.map(({ id }) => id)
    const llm = model && llmCache.for(model, scope, ids)
    if (!llm) throw new ApiError('KB_CONFIG_ERROR', 'mode self_rag needs an LLM, and none is configured or chosen (LLM_PROVIDER); use mode simple') // prettier-ignore
    const weight = termWeight(pooled(await statistics.of(scope, ids)))
    const { query: question, usage } = await searchedFor(request, model)
    const instructions = instructionsFor(scope, searched, request.instructions)
    const maxTokens = request.maxTokens ?? MAX_ANSWER_TOKENS
    const result = yield* selfRagEvents({ scope, request, question, instructions, retrieval, llm, weight, maxTokens })
    return { ...result, usage: sum(usage, result.usage) }
  }

  /** Who writes the answer to this request; null: nobody, it is extractive. */
  async #llm(scope: TenantScope, { knowledgeBaseIds = [], model }: AnswerRequest): Promise<Llm | null> {
    const { knowledgeBases, models } = this.#parts
    return (await models.resolve(scope, await knowledgeBases.resolve(scope, knowledgeBaseIds), model)).llm
  }

  async *#write(
    scope: TenantScope,
    request: AnswerRequest,
    retrieval: RetrievalResult,
    model: Llm | null,
    streamed: boolean,
  ): AsyncGenerator<AnswerPiece, Outcome, void> {
    const { statistics, llmCache } = this.#parts
    const llm = model && llmCache.for(model, scope, retrieval.knowledgeBaseIds)
    const sources = retrieval.chunks.map(sourceOf)
    // Nothing to answer from: a model asked all the same would make something up, and cost money.
    if (sources.length === 0) return yield* quote([{ text: nothingFound.text, citations: [] }])
    const weight = termWeight(pooled(await statistics.of(scope, retrieval.knowledgeBaseIds)))
    if (!llm)
      return yield* quote(
        extractivePieces(request.query, sources, tokenizeLike(sources.map(({ text }) => text)), weight),
      )
    const searched = await this.#parts.knowledgeBases.resolve(scope, retrieval.knowledgeBaseIds)
    const instructions = instructionsFor(scope, searched, request.instructions)
    const written = yield* writeAnswer(writing(llm, { ...request, instructions }, sources, weight, streamed))
    return outcomeOf(written)
  }
}

/** A question that follows others is searched for as one that can be understood by itself. */
async function searchedFor({ query, history = [], signal }: AnswerRequest, llm: Llm | null) {
  if (!llm || history.length === 0) return { query, usage: NO_TOKENS }
  const messages = condensePrompt(query, history)
  const { text, usage } = await upstreamErrors(() =>
    llm.complete({ messages, temperature: 0, maxTokens: MAX_CONDENSED_TOKENS, ...(signal && { signal }) }),
  )
  return { query: condensedQuestion(text, query), usage }
}

function* quote(pieces: readonly AnswerPiece[]): Generator<AnswerPiece, Outcome, void> {
  yield* pieces
  return { answer: joined(pieces), usage: NO_TOKENS, llm: null, finishReason: 'stop' }
}

function writing(
  llm: Llm,
  request: AnswerRequest,
  sources: readonly Source[],
  weight: TermWeight,
  streamed: boolean,
): Writing {
  const { query, instructions = [], history = [], signal } = request
  return {
    llm,
    request: {
      messages: answerPrompt({ question: query, sources: numbered(sources), instructions, history }),
      temperature: request.temperature ?? 0,
      maxTokens: request.maxTokens ?? MAX_ANSWER_TOKENS,
      ...(signal && { signal }),
    },
    sources: numbered(sources),
    analyze: tokenizeLike(sources.map(({ text }) => text)),
    weight,
    streamed,
  }
}

function sum(a: Usage, b: Usage): Usage {
  return {
    promptTokens: a.promptTokens + b.promptTokens,
    completionTokens: a.completionTokens + b.completionTokens,
  }
}

function outcomeOf({ answer, usage, finishReason, by }: Written): Outcome {
  return { answer, usage, llm: by, finishReason: finishReason === 'length' ? 'length' : 'stop' }
}
