import { ProviderError } from '../provider-error.ts'
import type { Completion, CompletionRequest, Llm } from './llm.ts'
import { resumeStream } from './resume-stream.ts'

/**
 * Several language models as one: when one fails, the next is asked. It bears the first one's name; a completion says who
 * wrote it when that was another. A stream falls back only before its first piece: what was shown cannot be taken back.
 */
export class FallbackLlm implements Llm {
  readonly provider: string
  readonly model: string
  readonly #chain: readonly Llm[]
  readonly #onFallback: (from: Llm, to: Llm, error: ProviderError) => void

  constructor(first: Llm, others: readonly Llm[], onFallback: (from: Llm, to: Llm, error: ProviderError) => void) {
    this.provider = first.provider
    this.model = first.model
    this.#chain = [first, ...others]
    this.#onFallback = onFallback
  }

  async complete(request: CompletionRequest): Promise<Completion> {
    const { llm, result } = await this.#first(one => one.complete(request))
    return this.#signed(result, llm)
  }

  async *stream(request: CompletionRequest): AsyncGenerator<string, Completion, void> {
    const { llm, result } = await this.#first(async one => {
      const stream = one.stream(request)
      return { stream, step: await stream.next() }
    })
    return this.#signed(yield* resumeStream(result.stream, result.step), llm)
  }

  /** The first model that does it. A caller who gave up is no reason to ask the next. */
  async #first<T>(attempt: (llm: Llm) => Promise<T>): Promise<{ llm: Llm; result: T }> {
    for (let place = 0; ; place++) {
      const llm = this.#chain[place]!
      try {
        return { llm, result: await attempt(llm) }
      } catch (error) {
        const next = this.#chain[place + 1]
        if (!next || !(error instanceof ProviderError)) throw error
        this.#onFallback(llm, next, error)
      }
    }
  }

  #signed(completion: Completion, { provider, model }: Llm): Completion {
    return provider === this.provider && model === this.model ? completion : { ...completion, by: { provider, model } }
  }
}
