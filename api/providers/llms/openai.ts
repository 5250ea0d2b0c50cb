import type OpenAI from 'openai'
import { tokenCount } from '../call-observer.ts'
import { type LlmQuirks, modelProviders } from '../../contract/model-providers.ts'
import { CallLimits } from '../call-limits.ts'
import { openAiClient, type OpenAiConnection, throwOpenAiFailure } from '../openai-client.ts'
import { brokenOff, unusable } from '../remote-failure.ts'
import { type RetryPolicy, standardRetries, withRetries } from '../retry.ts'
import type { Completion, CompletionRequest, Llm, Usage } from './llm.ts'
import { WithoutReasoning, withoutReasoning } from './without-reasoning.ts'

export interface LlmCallSettings {
  readonly model: string
  readonly timeoutMs: number
  readonly retries?: RetryPolicy
}

/** Chat models of OpenAI or of a service with its protocol. */
export class OpenAiLlm implements Llm {
  readonly provider: string
  readonly model: string
  readonly #client: OpenAI
  readonly #quirks: LlmQuirks
  readonly #connection: OpenAiConnection
  readonly #timeoutMs: number
  readonly #retries: RetryPolicy

  constructor(settings: LlmCallSettings, connection: OpenAiConnection) {
    this.provider = connection.provider
    this.model = settings.model
    this.#client = openAiClient(connection, settings.timeoutMs)
    this.#connection = connection
    this.#quirks = modelProviders[connection.provider].llm ?? {}
    this.#timeoutMs = settings.timeoutMs
    this.#retries = settings.retries ?? standardRetries
  }

  async complete(request: CompletionRequest): Promise<Completion> {
    const limits = new CallLimits(this.#timeoutMs, request.signal)
    const answer = await this.#call(limits, request, signal =>
      this.#client.chat.completions.create(
        { ...chatBody(this.model, request, this.#quirks), stream: false },
        { signal },
      ),
    )
    // The client passes on whatever JSON came.
    const choice = (answer as Partial<typeof answer> | null)?.choices?.[0]
    if (!choice) throw unusable(this.provider, 'it has no `choices`')
    return {
      text: withoutReasoning(choice.message?.content ?? ''),
      usage: usageOf(answer.usage),
      finishReason: finishReason(choice.finish_reason),
    }
  }

  async *stream(request: CompletionRequest): AsyncGenerator<string, Completion, void> {
    const limits = new CallLimits(this.#timeoutMs, request.signal)
    const stream = await this.#call(limits, request, signal =>
      this.#client.chat.completions.create(
        { ...chatBody(this.model, request, this.#quirks), stream: true, stream_options: { include_usage: true } },
        { signal },
      ),
    )
    const answer = new WithoutReasoning()
    let text = ''
    let usage = usageOf(undefined)
    let finish: string | undefined
    try {
      // A reader who leaves this loop ends the request: the client sees to that.
      for await (const { choices, usage: counted } of stream) {
        // The usage comes in a last piece, which has no choices.
        if (counted) usage = usageOf(counted)
        const choice = choices?.[0]
        finish = choice?.finish_reason ?? finish
        const delta = choice?.delta?.content
        const shown = delta ? answer.push(delta) : ''
        if (shown === '') continue
        text += shown
        yield shown
      }
    } catch (error) {
      limits.throwIfExceeded(this.provider)
      throw brokenOff(this.provider, error)
    }
    limits.throwIfExceeded(this.provider)
    if (finish === undefined) throw brokenOff(this.provider)
    const rest = answer.end()
    if (rest !== '') yield rest
    text += rest
    return { text, usage, finishReason: finishReason(finish) }
  }

  async #call<T>(
    limits: CallLimits,
    { observer }: CompletionRequest,
    send: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    limits.throwIfExceeded(this.provider)
    const attempt = () =>
      send(limits.signal).catch((error: unknown) => throwOpenAiFailure(error, limits, this.#connection))
    return withRetries(attempt, this.#retries, limits.signal, observer).catch((error: unknown) =>
      throwOpenAiFailure(error, limits, this.#connection),
    )
  }
}

/** Reasoning models of OpenAI refuse the old name of the limit; other services know only the old one. */
const reasoningModel = /^(o\d|gpt-5)/

function chatBody(model: string, request: CompletionRequest, quirks: LlmQuirks) {
  const { temperature, maxTokens, json = false } = request
  const reasons = reasoningModel.test(model)
  const extra = quirks.extra?.filter(({ models }) => models.test(model)).map(({ body }) => body) ?? []
  return {
    model,
    messages: messagesFor(request, quirks),
    ...(temperature === undefined || quirks.ownTemperature?.test(model) ? {} : { temperature: Math.max(temperature, quirks.lowestTemperature ?? 0) }), // prettier-ignore
    ...(maxTokens === undefined ? {} : reasons ? { max_completion_tokens: maxTokens } : { max_tokens: maxTokens }),
    ...(json ? { response_format: { type: 'json_object' as const } } : {}),
    ...(Object.assign({}, ...extra) as object),
  }
}

function messagesFor({ messages, json = false }: CompletionRequest, { jsonNeedsWord = false }: LlmQuirks) {
  const sent = messages.map(({ role, content }) => ({ role, content }))
  if (!json || !jsonNeedsWord || sent.some(({ content }) => /json/i.test(content))) return sent
  return [...sent, { role: 'system' as const, content: 'Answer with a JSON object.' }]
}

function usageOf(usage: { prompt_tokens?: unknown; completion_tokens?: unknown } | null | undefined): Usage {
  return { promptTokens: tokenCount(usage?.prompt_tokens), completionTokens: tokenCount(usage?.completion_tokens) }
}

function finishReason(reason: string | null | undefined): Completion['finishReason'] {
  return reason === 'stop' || reason === 'length' ? reason : 'other'
}
