import type { Completion, Llm, Message, Usage } from '../../providers/llms/llm.ts'
import { type Read } from './read-grades.ts'
import { repairPrompt } from './prompts.ts'
import { type SelfRagLimits, type Spent, exhausted } from './limits.ts'

export interface Meter {
  readonly limits: SelfRagLimits
  /** Milliseconds since the loop began. */
  readonly elapsed: () => number
  /** Aborted when the caller gives up or the time is over. */
  readonly signal: AbortSignal
}

/** A model whose calls are counted. */
export class MeteredLlm {
  readonly #llm: Llm
  readonly #meter: Meter
  #calls = 0
  #usage: Usage = { promptTokens: 0, completionTokens: 0 }

  constructor(llm: Llm, meter: Meter) {
    this.#llm = llm
    this.#meter = meter
  }

  get spent(): Spent {
    const { promptTokens, completionTokens } = this.#usage
    return { calls: this.#calls, tokens: promptTokens + completionTokens, milliseconds: this.#meter.elapsed() }
  }

  get usage(): Usage {
    return this.#usage
  }

  /** @throws ProviderError, or the reason of the meter's signal */
  async ask(
    messages: readonly Message[],
    options: { readonly maxTokens: number; readonly temperature?: number; readonly json?: boolean },
  ): Promise<Completion> {
    this.#calls++
    const completion = await this.#llm.complete({ messages, temperature: 0, ...options, signal: this.#meter.signal })
    this.#usage = {
      promptTokens: this.#usage.promptTokens + completion.usage.promptTokens,
      completionTokens: this.#usage.completionTokens + completion.usage.completionTokens,
    }
    return completion
  }

  /** Asks for JSON. An answer that cannot be read gets one chance to be repaired, when there is budget for it. */
  async askJson<T>(
    messages: readonly Message[],
    maxTokens: number,
    read: (text: string) => Read<T>,
  ): Promise<Read<T> & { readonly repaired: boolean }> {
    const { text } = await this.ask(messages, { maxTokens, json: true })
    const first = read(text)
    if (first.fault === null || exhausted(this.spent, this.#meter.limits)) return { ...first, repaired: false }
    const again = await this.ask(repairPrompt(messages, text, first.fault), { maxTokens, json: true })
    return { ...read(again.text), repaired: true }
  }
}
