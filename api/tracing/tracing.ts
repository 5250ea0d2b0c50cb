import type { IncomingHttpHeaders } from 'node:http'

/** What spans say of themselves: small facts that the code knows, never texts, questions or keys. */
export type SpanFacts = Readonly<Record<string, string | number | boolean | undefined>>

export interface RequestSpan {
  readonly traceId: string
  end(route: string, status: number, facts: SpanFacts): void
}

/** W3C Trace Context. Not `tracestate`: what a caller's other systems wrote there is for them, not for a model provider. */
export type TraceHeaders = Readonly<{ traceparent?: string }>

/** Tells a collector what took how long. There is none unless a process was started with one. */
export interface Tracing {
  span<T>(name: string, facts: SpanFacts, work: () => Promise<T>): Promise<T>
  /** Runs `handle` as part of the trace that the caller's headers name, or of a new one. */
  request(method: string, headers: IncomingHttpHeaders, handle: (span: RequestSpan) => void): void
  /** What a request bears that is sent now, to go on in the same trace; none outside of one. */
  headers(): TraceHeaders
  /** Sends what was not sent yet. */
  stop(): Promise<void>
}

let current: Tracing | null = null

/** For the whole process, as a trace goes through all of it; null ends it. Called by the entries alone. */
export function setTracing(tracing: Tracing | null): void {
  current = tracing
}

export function currentTracing(): Tracing | null {
  return current
}

const NO_HEADERS: TraceHeaders = {}

/** For requests to other services; none where nothing is traced. */
export function traceHeaders(): TraceHeaders {
  return current?.headers() ?? NO_HEADERS
}

/** Runs `work`, as a span of the current trace where there is one. Costs nothing where there is none. */
export function inSpan<T>(name: string, facts: SpanFacts, work: () => Promise<T>): Promise<T> {
  return current ? current.span(name, facts, work) : work()
}
