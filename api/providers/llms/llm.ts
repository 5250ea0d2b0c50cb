import type { CallObserver } from '../call-observer.ts'

export interface Message {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

export interface Usage {
  readonly promptTokens: number
  readonly completionTokens: number
}

export interface Completion {
  readonly text: string
  readonly usage: Usage
  readonly finishReason: 'stop' | 'length' | 'other'
  /** Who wrote it, when that is not the one that was asked: a fallback. */
  readonly by?: { readonly provider: string; readonly model: string }
}

export interface CompletionRequest {
  readonly messages: readonly Message[]
  readonly temperature?: number
  readonly maxTokens?: number
  /** Ask the provider for a JSON object; the caller still validates it. */
  readonly json?: boolean
  readonly signal?: AbortSignal
  readonly observer?: CallObserver
}

/** Writes text. One file an implementation, registered in index.ts; test/contract/llm.ts is what all must pass. */
export interface Llm {
  readonly provider: string
  readonly model: string

  /** An aborted call rejects with the signal's reason. @throws ProviderError */
  complete(request: CompletionRequest): Promise<Completion>

  /**
   * The same, piece by piece: text deltas, then the whole completion as the generator's return value. Leaving the loop
   * early, or aborting the signal, ends the provider's request.
   * @throws ProviderError
   */
  stream(request: CompletionRequest): AsyncGenerator<string, Completion, void>
}
