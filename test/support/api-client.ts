import { isDeepStrictEqual } from 'node:util'
import { createParser } from 'eventsource-parser'
import type { z } from 'zod'
import { routes } from '../../api/http/routes/index.ts'
import type { Route } from '../../api/http/route.ts'

/** An answer, with its body parsed when it is JSON. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Parsed JSON; undefined when the answer is something else. */
  readonly body: Json
  /** Of a stream; none when the answer is something else. */
  readonly events: readonly StreamedEvent[]
}

export interface StreamedEvent {
  readonly event: string
  /** Parsed, where it is JSON. */
  readonly data: Json
}

/** JSON of an answer: tests know what they asked for. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Json = any

export interface RequestOptions {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Instead of `body`: sent as it is. */
  readonly raw?: NonNullable<RequestInit['body']>
}

/** Calls the API as one caller, and checks that every answer is one that its route declares. */
export class ApiClient {
  readonly #url: string
  readonly #headers: Readonly<Record<string, string>>

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.#url = url
    this.#headers = headers
  }

  get(path: string, options?: RequestOptions): Promise<Answer> {
    return this.send('GET', path, options)
  }

  post(path: string, body?: unknown, options: RequestOptions = {}): Promise<Answer> {
    return this.send('POST', path, body === undefined ? options : { ...options, body })
  }

  put(path: string, body: unknown): Promise<Answer> {
    return this.send('PUT', path, { body })
  }

  patch(path: string, body: unknown): Promise<Answer> {
    return this.send('PATCH', path, { body })
  }

  delete(path: string): Promise<Answer> {
    return this.send('DELETE', path)
  }

  upload(
    path: string,
    file: { name: string; content: string | Uint8Array<ArrayBuffer>; type?: string },
    fields: Record<string, string> = {},
  ) {
    const form = new FormData()
    for (const [name, value] of Object.entries(fields)) form.append(name, value)
    form.append('file', new Blob([file.content], { type: file.type ?? 'text/plain' }), file.name)
    return this.send('POST', path, { raw: form })
  }

  async send(method: string, path: string, { body, headers, raw }: RequestOptions = {}): Promise<Answer> {
    const response = await fetch(this.#url + path, {
      method,
      headers: { ...this.#headers, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(raw !== undefined && { body: raw }),
      ...(body !== undefined && { body: JSON.stringify(body) }),
      redirect: 'manual',
    })
    const text = await response.text()
    const json = response.headers.get('content-type')?.startsWith('application/json') ?? false
    const { status, headers: received } = response
    const stream = received.get('content-type')?.startsWith('text/event-stream') ?? false
    const answer = { status, headers: received, text, body: json ? JSON.parse(text) : undefined, events: stream ? readEvents(text) : [] } // prettier-ignore
    checkDeclared(method, path, answer)
    return answer
  }
}

/** The events of a stream, as a client of the standard reads them. */
export function readEvents(text: string): StreamedEvent[] {
  const events: StreamedEvent[] = []
  const parser = createParser({
    onEvent: ({ event = 'message', data }) =>
      void events.push({ event, data: data.startsWith('{') ? JSON.parse(data) : data }),
    onError: error => {
      throw error
    },
  })
  parser.feed(text)
  return events
}

/**
 * The contract test that every test runs: a success has a declared status and exactly the declared fields, an error is
 * `{detail, code}`, and no stack or SQL leaves the process.
 */
function checkDeclared(method: string, path: string, { status, body, text, events }: Answer): void {
  const place = `${method} ${path} → ${status}`
  if (/\bat (?:async )?\S+ \(?(?:file:|\/)\S+:\d+:\d+\)?/.test(text)) throw new Error(`${place} shows a stack: ${text}`)
  const route = findRoute(method, path)
  const declared = route?.responses[status]
  if (events.length > 0) {
    for (const { event, data } of events) checkSchema(`${place} ${event}`, declared?.events?.[event], data)
    return
  }
  if (declared?.schema && body !== undefined) return checkSchema(place, declared.schema, body)
  if (status >= 400) return shapeAt(path) === 'openai' ? checkOpenAiError(place, body) : checkError(place, body)
  if (route && !declared) throw new Error(`${place} is a status that the route does not declare`)
}

function checkSchema(place: string, schema: z.ZodType | undefined, value: Json): void {
  const parsed = schema?.safeParse(value)
  if (!parsed?.success)
    throw new Error(`${place} is not as declared: ${parsed?.error.message}\n${JSON.stringify(value)}`)
  // zod drops fields that an object does not have: they would be missing from the documentation.
  if (!isDeepStrictEqual(parsed.data, value))
    throw new Error(`${place} has undeclared fields: ${JSON.stringify(value)}`)
}

function checkError(place: string, body: Json): void {
  const { detail, code, ...rest } = (body ?? {}) as Record<string, unknown>
  if (typeof detail !== 'string' || detail === '' || typeof code !== 'string' || Object.keys(rest).length > 0)
    throw new Error(`${place} is no error of the API: ${JSON.stringify(body)}`)
}

function checkOpenAiError(place: string, body: Json): void {
  const { message, type, param, code } = (body?.error ?? {}) as Record<string, unknown>
  if (typeof message !== 'string' || typeof type !== 'string' || typeof code !== 'string' || param === undefined)
    throw new Error(`${place} is no error as OpenAI tells them: ${JSON.stringify(body)}`)
}

function findRoute(method: string, path: string): Route | undefined {
  const plain = path.split('?')[0] ?? path
  return routes.find(route => route.method === method.toLowerCase() && pattern(route.path).test(plain))
}

/** Of every method: a wrong one is told as the right ones' faults are. */
function shapeAt(path: string): Route['errorShape'] {
  const plain = path.split('?')[0] ?? path
  return routes.find(route => pattern(route.path).test(plain))?.errorShape
}

function pattern(path: string): RegExp {
  return new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`)
}
