import type { IncomingHttpHeaders, ServerResponse } from 'node:http'

export interface ScriptMessage {
  readonly role: string
  readonly content: string
}

/** What the models of the server do. */
export interface ModelScript {
  /** The answer to a chat. */
  reply(messages: readonly ScriptMessage[]): string
  /** Length of the vectors, unless a request asks for another. */
  readonly dimension: number
  /** Thought before every answer, and given beside it. */
  readonly reasoning?: string
  /** What this service refuses of what others take, with 400; null: nothing. */
  refuse?(request: {
    readonly path: string
    readonly query: URLSearchParams
    readonly headers: IncomingHttpHeaders
    readonly body: Readonly<Record<string, unknown>>
  }): string | null
}

export type Fault =
  | {
      readonly kind: 'status'
      readonly status: number
      readonly headers?: Record<string, string>
      readonly body?: unknown
    }
  /** JSON that breaks off. */
  | { readonly kind: 'malformed' }
  /** JSON of another kind. */
  | { readonly kind: 'not-the-protocol' }
  /** No answer at all. */
  | { readonly kind: 'hang' }
  /** The connection closes before an answer. */
  | { readonly kind: 'hang-up' }
  /** The connection closes after so many pieces of a stream. */
  | { readonly kind: 'cut-stream'; readonly after: number }
  /** Nothing comes after so many pieces of a stream. */
  | { readonly kind: 'hang-in-stream'; readonly after: number }
  /** Vectors of another length. */
  | { readonly kind: 'dimension'; readonly dimension: number }
  /** One vector too few. */
  | { readonly kind: 'missing-vector' }
  /** One relevance too few, one twice, one of no text, one that is no number. */
  | { readonly kind: 'missing-score' | 'duplicate-index' | 'strange-index' | 'no-number' }

export interface Exchange {
  readonly body: Record<string, unknown>
  readonly response: ServerResponse
  readonly script: ModelScript
  readonly fault: Fault | undefined
}

export type Route = (exchange: Exchange) => Promise<void> | void

export function sendJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** The vectors that an embedding request gets: words in common make texts alike. Not of unit length. */
export function vectorsFor(texts: readonly string[], { script, fault, body }: Exchange): number[][] {
  const asked = body['dimensions']
  const own = typeof asked === 'number' ? asked : script.dimension
  const dimension = fault?.kind === 'dimension' ? fault.dimension : own
  const vectors = texts.map(text => bagOfWords(text, dimension))
  return fault?.kind === 'missing-vector' ? vectors.slice(1) : vectors
}

/** Each word counts in one place of the vector. */
export function bagOfWords(text: string, dimension: number): number[] {
  const vector = new Array<number>(dimension).fill(0.01)
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    let hash = 7
    for (const letter of word) hash = (hash * 31 + letter.codePointAt(0)!) >>> 0
    vector[hash % dimension]! += 1
  }
  return vector
}

/** Words with the space before them: the pieces of a stream. */
export function pieces(text: string): string[] {
  return text.match(/\s*\S+\s*$|\s*\S+/g) ?? []
}

/** Tokens as these models count them: words. */
export function countTokens(messages: readonly ScriptMessage[]): number {
  return messages.reduce((sum, { content }) => sum + pieces(content).length, 0)
}

/** Sends the pieces one by one, each in a write of its own, until the fault of this exchange strikes. */
export async function streamPieces(exchange: Exchange, lines: readonly string[]): Promise<void> {
  const { response, fault } = exchange
  for (const [index, line] of lines.entries()) {
    if (fault?.kind === 'cut-stream' && index === fault.after) return void response.destroy()
    if (fault?.kind === 'hang-in-stream' && index === fault.after) return
    await new Promise(resolve => response.write(line, resolve))
  }
  response.end()
}
