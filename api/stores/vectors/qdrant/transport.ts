import { Agent as HttpAgent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { setTimeout as delay } from 'node:timers/promises'
import { withoutEcho } from '../../../contract/without-echo.ts'
import { VectorStoreUnavailable } from '../vector-store.ts'
import { QdrantError } from './errors.ts'

export interface QdrantConnection {
  /** `http://…` or `https://…`, with a path where a proxy puts Qdrant below one. */
  readonly url: string
  readonly apiKey?: string
  /** More headers of a request that is sent now. */
  readonly headers?: () => Readonly<Record<string, string>>
  /** For one attempt, from connecting to the last byte. Default 10,000. */
  readonly timeoutMs?: number
}

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined
}

type Method = 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'

const ATTEMPTS = 3
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 2_000
/** No server is believed that it wants to be left alone for longer. */
const LONGEST_QUIET_MS = 120_000
const worthRetrying = new Set([429, 500, 502, 503, 504])

/**
 * JSON over HTTP to one Qdrant, on kept-alive connections without Nagle's delay. Not `fetch`, and so not the official
 * client: a query through it can cost 44 ms more (hack/adr/0002-qdrant-transport.md). Every request that this product
 * makes may be repeated without harm, so lost connections and overload are retried here.
 */
export class QdrantTransport {
  readonly #base: URL
  readonly #headers: Readonly<Record<string, string>>
  readonly #moreHeaders: () => Readonly<Record<string, string>>
  readonly #timeoutMs: number
  readonly #agent: HttpAgent | HttpsAgent
  readonly #send: typeof httpRequest
  /** When Qdrant has asked to be left alone: until when, and what it said. */
  #quiet: { readonly until: number; readonly error: VectorStoreUnavailable } | null = null

  constructor({ url, apiKey, headers = () => ({}), timeoutMs = 10_000 }: QdrantConnection) {
    this.#base = new URL(url)
    const secure = this.#base.protocol === 'https:'
    const options = { keepAlive: true, noDelay: true, maxSockets: 64 }
    this.#agent = secure ? new HttpsAgent(options) : new HttpAgent(options)
    this.#send = secure ? httpsRequest : httpRequest
    this.#headers = { accept: 'application/json', ...(apiKey === undefined ? {} : { 'api-key': apiKey }) }
    this.#moreHeaders = headers
    this.#timeoutMs = timeoutMs
  }

  /** For messages: the address without credentials. */
  get address(): string {
    return this.#base.host
  }

  /**
   * Gives the `result` of Qdrant's answer.
   * @throws QdrantError when Qdrant refuses the request (4xx)
   * @throws VectorStoreUnavailable when it cannot be reached, is overloaded, takes too long, or `signal` was aborted
   */
  async request<T>(method: Method, path: string, body?: unknown, { signal }: RequestOptions = {}): Promise<T> {
    return (await this.#json<{ result: T }>(method, path, body, signal)).result
  }

  /** The answer of an endpoint that has no `result`, such as `/`. */
  async plain<T>(path: string, { signal }: RequestOptions = {}): Promise<T> {
    return this.#json<T>('GET', path, undefined, signal)
  }

  close(): void {
    this.#agent.destroy()
  }

  async #json<T>(method: Method, path: string, body: unknown, signal: AbortSignal | undefined): Promise<T> {
    const { text } = await this.#retry(method, path, body, signal)
    try {
      return JSON.parse(text) as T
    } catch (cause) {
      throw this.#unavailable('answers with something that is not JSON; is it a Qdrant?', { cause })
    }
  }

  async #retry(method: Method, path: string, body: unknown, signal: AbortSignal | undefined): Promise<Answer> {
    if (this.#quiet && performance.now() < this.#quiet.until) throw this.#quiet.error
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt(method, path, payload, signal)
      if (outcome.ok) return outcome.answer
      const { error, retry, pauseMs } = outcome
      if (!retry || attempt === ATTEMPTS || signal?.aborted) throw error
      try {
        await delay(pauseMs ?? pause(attempt), undefined, { signal })
      } catch {
        throw error
      }
    }
  }

  async #attempt(method: Method, path: string, payload: Buffer | undefined, signal?: AbortSignal): Promise<Outcome> {
    let answer: Answer
    try {
      answer = await this.#exchange(method, path, payload, signal)
    } catch (cause) {
      return { ok: false, retry: !(cause instanceof Timeout) && !signal?.aborted, error: this.#lost(cause, signal) }
    }
    const { status, text } = answer
    if (status >= 200 && status < 300) return { ok: true, answer }
    if (worthRetrying.has(status)) {
      const pauseMs = retryAfter(answer.retryAfter, Date.now())
      const why = status === 429 ? 'overloaded' : 'away'
      const error = this.#unavailable(`answers ${status}: ${this.#words(text, payload)}`, {
        why,
        retryAfterMs: pauseMs,
      })
      if (pauseMs === undefined || pauseMs <= LONGEST_PAUSE_MS) return { ok: false, retry: true, error, pauseMs }
      // Nobody waits for that long here, and whoever comes back before is not let through.
      this.#quiet = { until: performance.now() + Math.min(pauseMs, LONGEST_QUIET_MS), error }
      return { ok: false, retry: false, error }
    }
    if (status === 401 || status === 403) {
      const error = this.#unavailable(`refuses the API key (${status}); check QDRANT_API_KEY`, { why: 'refused' })
      return { ok: false, retry: false, error }
    }
    return { ok: false, retry: false, error: new QdrantError(status, `${method} ${path}`, this.#words(text, payload)) }
  }

  /** What an answer says is wrong, without what it repeats of the request: a point has a document's text. */
  #words(answer: string, payload: Buffer | undefined): string {
    return withoutEcho(excerpt(answer), [this.#headers['api-key'] ?? '', payload?.toString() ?? ''])
  }

  async #exchange(method: Method, path: string, payload: Buffer | undefined, signal?: AbortSignal): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const headers = payload
      ? {
          ...this.#headers,
          ...this.#moreHeaders(),
          'content-type': 'application/json',
          'content-length': payload.length,
        }
      : { ...this.#headers, ...this.#moreHeaders() }
    const url = new URL(this.#base.pathname.replace(/\/$/, '') + path, this.#base)
    const request: ClientRequest = this.#send(url, { method, headers, agent: this.#agent, signal }, response => {
      read(response).then(resolve, reject)
    })
    const timer = setTimeout(() => request.destroy(new Timeout(this.#timeoutMs)), this.#timeoutMs)
    request.on('error', reject)
    request.end(payload)
    return promise.finally(() => clearTimeout(timer))
  }

  #lost(cause: unknown, signal?: AbortSignal): VectorStoreUnavailable {
    if (signal?.aborted) return this.#unavailable('was not waited for any longer: the request was cancelled', { cause })
    const { code, message } = cause as NodeJS.ErrnoException
    return this.#unavailable(cause instanceof Timeout ? message : `cannot be reached (${code ?? message})`, { cause })
  }

  #unavailable(what: string, options: ConstructorParameters<typeof VectorStoreUnavailable>[1]): VectorStoreUnavailable {
    return new VectorStoreUnavailable(`Qdrant at ${this.address} ${what}`, options)
  }
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly retryAfter: string | undefined
}

type Outcome =
  | { readonly ok: true; readonly answer: Answer }
  | { readonly ok: false; readonly retry: boolean; readonly error: Error; readonly pauseMs?: number | undefined }

class Timeout extends Error {
  constructor(timeoutMs: number) {
    super(`did not answer within ${timeoutMs} ms`)
  }
}

async function read(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const { statusCode = 0, headers } = response
  return { status: statusCode, text: Buffer.concat(chunks).toString('utf8'), retryAfter: headers['retry-after'] }
}

/** Doubles from try to try, and is drawn from the upper half so that many clients do not come back together. */
function pause(attempt: number): number {
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS)
  return longest * (0.5 + Math.random() / 2)
}

/** Milliseconds: the header holds seconds or a date. */
function retryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - now) / 1000
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds * 1000)
}

function excerpt(text: string): string {
  try {
    const { status } = JSON.parse(text) as { status?: { error?: string } }
    if (status?.error) return status.error.slice(0, 500)
  } catch {
    // Not Qdrant's own envelope: a proxy's page, told as it is.
  }
  return text.slice(0, 200)
}
