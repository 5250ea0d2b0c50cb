import type { ChatRequest, ChatResponse } from 'ollama'
import { tokenCount } from '../call-observer.ts'
import { CallLimits } from '../call-limits.ts'
import { OLLAMA, ollamaClient, type OllamaConnection, throwOllamaFailure } from '../ollama-client.ts'
import { brokenOff, unusable } from '../remote-failure.ts'
import { type RetryPolicy, standardRetries, withRetries } from '../retry.ts'
import type { Completion, CompletionRequest, Llm } from './llm.ts'
import type { LlmCallSettings } from './openai.ts'
import { WithoutReasoning, withoutReasoning } from './without-reasoning.ts'

/** Chat models of an Ollama server. */
export class OllamaLlm implements Llm {
  readonly provider = OLLAMA
  readonly model: string
  readonly #connection: OllamaConnection
  readonly #timeoutMs: number
  readonly #retries: RetryPolicy

  constructor(settings: LlmCallSettings, connection: OllamaConnection) {
    this.model = settings.model
    this.#connection = connection
    this.#timeoutMs = settings.timeoutMs
    this.#retries = settings.retries ?? standardRetries
  }

  async complete(request: CompletionRequest): Promise<Completion> {
    const limits = new CallLimits(this.#timeoutMs, request.signal)
    const body = { ...chatBody(this.model, request), stream: false as const }
    const answer = await this.#call(limits, request, () => ollamaClient(this.#connection, limits).chat(body))
    const text = (answer as Partial<ChatResponse> | null)?.message?.content
    if (typeof text !== 'string') throw unusable(OLLAMA, 'it has no `message`')
    return completion(withoutReasoning(text), answer)
  }

  async *stream(request: CompletionRequest): AsyncGenerator<string, Completion, void> {
    const limits = new CallLimits(this.#timeoutMs, request.signal)
    const body = { ...chatBody(this.model, request), stream: true as const }
    const stream = await this.#call(limits, request, () => ollamaClient(this.#connection, limits).chat(body))
    const answer = new WithoutReasoning()
    let text = ''
    let last: ChatResponse | undefined
    try {
      for await (const piece of stream) {
        last = piece
        const delta = piece.message?.content
        const shown = delta ? answer.push(delta) : ''
        if (shown === '') continue
        text += shown
        yield shown
      }
    } catch (error) {
      limits.throwIfExceeded(OLLAMA)
      throw brokenOff(OLLAMA, error)
    } finally {
      stream.abort()
    }
    if (!last?.done) throw brokenOff(OLLAMA)
    const rest = answer.end()
    if (rest !== '') yield rest
    text += rest
    return completion(text, last)
  }

  async #call<T>(limits: CallLimits, { observer }: CompletionRequest, send: () => Promise<T>): Promise<T> {
    limits.throwIfExceeded(OLLAMA)
    const fail = (error: unknown) => throwOllamaFailure(error, limits, this.#connection.baseUrl)
    return withRetries(() => send().catch(fail), this.#retries, limits.signal, observer).catch(fail)
  }
}

function chatBody(model: string, { messages, temperature, maxTokens, json }: CompletionRequest): ChatRequest {
  return {
    model,
    messages: messages.map(({ role, content }) => ({ role, content })),
    ...(json ? { format: 'json' } : {}),
    options: {
      ...(temperature === undefined ? {} : { temperature }),
      ...(maxTokens === undefined ? {} : { num_predict: maxTokens }),
    },
  }
}

function completion(text: string, end: Partial<ChatResponse>): Completion {
  const reason = end.done_reason
  return {
    text,
    usage: { promptTokens: tokenCount(end.prompt_eval_count), completionTokens: tokenCount(end.eval_count) },
    finishReason: reason === 'stop' || reason === 'length' ? reason : 'other',
  }
}
