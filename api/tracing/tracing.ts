import type { IncomingHttpHeaders } from 'node:http'

/** What spans say of themselves: small facts that the code knows, never texts, questions or keys. */
export type SpanFacts = Readonly<Record<string, string | number | boolean | undefined>>

export interface RequestSpan {
  readonly traceId: string
  end(route: string, status: number, facts: SpanFacts): void
}

/** Tells a collector what took how long. There is none unless a process was started with one. */
export interface Tracing {
  span<T>(name: string, facts: SpanFacts, work: () => Promise<T>): Promise<T>
  /** Runs `handle` as part of the trace that the caller's headers name, or of a new one. */
  request(method: string, headers: IncomingHttpHeaders, handle: (span: RequestSpan) => void): void
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

/** Runs `work`, as a span of the current trace where there is one. Costs nothing where there is none. */
export function inSpan<T>(name: string, facts: SpanFacts, work: () => Promise<T>): Promise<T> {
  return current ? current.span(name, facts, work) : work()
}
