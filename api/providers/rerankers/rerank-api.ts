import { modelProviders } from '../../contract/model-providers.ts'
import type { ProviderConnection } from '../../contract/model-variables.ts'
import { type Address, readAddress } from '../address.ts'
import { CallLimits } from '../call-limits.ts'
import { type CallObserver, tellTokens } from '../call-observer.ts'
import { ProviderError } from '../provider-error.ts'
import { answeredWith, errorText, unreachable, unusable } from '../remote-failure.ts'
import { type RetryPolicy, standardRetries, withRetries } from '../retry.ts'
import { slices } from '../slices.ts'
import type { RerankRequest, Reranker } from './reranker.ts'

export interface RerankApiSettings {
  readonly model: string
  readonly timeoutMs: number
  readonly retries?: RetryPolicy
}

export interface RerankConnection extends ProviderConnection {
  /** For tests and proxies; the global one by default. */
  readonly fetch?: typeof globalThis.fetch
}

/** The protocol that Cohere began and Jina, SiliconFlow and vLLM answer too: POST {base}/rerank. */
export class RerankApi implements Reranker {
  readonly provider: string
  readonly model: string
  readonly #settings: RerankApiSettings
  readonly #connection: RerankConnection
  readonly #address: Address
  readonly #maxTexts: number
  readonly #returnsDocuments: boolean

  constructor(settings: RerankApiSettings, connection: RerankConnection) {
    this.provider = connection.provider
    this.model = settings.model
    this.#settings = settings
    this.#connection = connection
    this.#address = readAddress(connection.baseUrl)
    const { maxTexts = 100, returnsDocuments = false } = modelProviders[connection.provider].rerank ?? {}
    this.#maxTexts = maxTexts
    this.#returnsDocuments = returnsDocuments
  }

  async rerank({ query, texts, signal, observer }: RerankRequest): Promise<readonly number[]> {
    const limits = new CallLimits(this.#settings.timeoutMs, signal)
    limits.throwIfExceeded(this.provider)
    // The score of a text does not depend on the others, so requests can be as small as the provider wants them.
    const scores = slices(texts, this.#maxTexts).map(some => this.#call(query, some, limits, observer))
    return (await Promise.all(scores)).flat()
  }

  async #call(
    query: string,
    texts: readonly string[],
    limits: CallLimits,
    observer: CallObserver | undefined,
  ): Promise<number[]> {
    const attempt = async () => {
      const answer = await this.#post(query, texts, limits)
      tellTokens(observer, tokensOf(answer))
      return this.#scores(answer, texts.length)
    }
    const { retries = standardRetries } = this.#settings
    try {
      return await withRetries(attempt, retries, limits.signal, observer)
    } catch (error) {
      limits.throwIfExceeded(this.provider)
      throw error
    }
  }

  async #post(query: string, texts: readonly string[], { signal }: CallLimits): Promise<unknown> {
    const { fetch = globalThis.fetch, apiKey, baseUrl } = this.#connection
    const body = {
      model: this.model,
      query,
      documents: texts,
      // Some answer only the best few unless they are told.
      top_n: texts.length,
      ...(this.#returnsDocuments && { return_documents: false }),
    }
    const headers = { ...this.#address.headers, ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }) }
    try {
      const response = await fetch(`${this.#address.url}/rerank`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
        body: JSON.stringify(body),
        signal,
      })
      const text = await response.text()
      if (!response.ok) throw answeredWith(this.provider, response.status, errorText(text), response.headers)
      return JSON.parse(text)
    } catch (error) {
      if (error instanceof ProviderError) throw error
      if (error instanceof SyntaxError) throw unusable(this.provider, `it is not JSON (${error.message})`, error)
      throw unreachable(this.provider, baseUrl, error)
    }
  }

  /** Best first as they come; a text without a score, or with two, is an answer to something else. */
  #scores(answer: unknown, expected: number): number[] {
    const results = (answer as { results?: unknown } | null)?.results
    if (!Array.isArray(results)) throw unusable(this.provider, 'it has no list `results`')
    const scores = new Map<number, number>()
    for (const { index, relevance_score: score } of results as { index?: unknown; relevance_score?: unknown }[]) {
      if (typeof score !== 'number' || !Number.isFinite(score))
        throw unusable(this.provider, 'a result has no `relevance_score`')
      if (!Number.isInteger(index) || (index as number) < 0 || (index as number) >= expected)
        throw unusable(this.provider, `index ${JSON.stringify(index)} for ${expected} texts`)
      if (scores.has(index as number)) throw unusable(this.provider, `index ${String(index)} twice`)
      scores.set(index as number, score)
    }
    if (scores.size !== expected) throw unusable(this.provider, `${scores.size} scores for ${expected} texts`)
    return Array.from({ length: expected }, (_, index) => scores.get(index)!)
  }
}

/** Jina and vLLM say `usage.total_tokens`, Cohere and SiliconFlow `meta`; Cohere bills searches and mostly says no tokens. */
function tokensOf(answer: unknown): unknown {
  const { usage, meta } = (answer ?? {}) as {
    usage?: { total_tokens?: unknown }
    meta?: { tokens?: { input_tokens?: unknown }; billed_units?: { input_tokens?: unknown } }
  }
  return usage?.total_tokens ?? meta?.tokens?.input_tokens ?? meta?.billed_units?.input_tokens
}
