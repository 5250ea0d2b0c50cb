import { once } from 'node:events'
import type { Response } from 'express'
import { noteError } from './api-error.ts'
import { errorBody } from './error-body.ts'
import { stateOf } from './request-state.ts'
import type { ServerEvent } from './route.ts'

/** Proxies close connections on which nothing moves, often after 30 or 60 s. */
const HEARTBEAT_MS = 15_000

export interface EventStream {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly events: AsyncIterable<ServerEvent>
}

/**
 * Sends events as they come (the WHATWG's server-sent events), no faster than the client reads. Until the first one is
 * there nothing is sent: what goes wrong before is an ordinary error with its status. Afterwards it is an `error` event,
 * the last of the stream. A client that goes away ends the source of the events.
 * @throws what the source throws before its first event
 */
export async function sendEvents(
  response: Response,
  { status, headers, events }: EventStream,
  heartbeatMs = HEARTBEAT_MS,
): Promise<void> {
  const source = events[Symbol.asyncIterator]()
  let next = await source.next()
  response
    .status(status)
    .set({ ...headers, ...streamHeaders })
    .flushHeaders()
  // A comment, which every client passes over.
  const heartbeat = setInterval(() => response.writable && response.write(':\n\n'), heartbeatMs)
  try {
    while (!next.done && !response.destroyed) {
      await write(response, next.value)
      next = await source.next()
    }
  } catch (error) {
    if (!response.destroyed) await write(response, failure(response, error))
  } finally {
    clearInterval(heartbeat)
    await source.return?.()
    response.end()
  }
}

/** `X-Accel-Buffering`: nginx would collect the events and deliver them late. */
const streamHeaders = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
}

/** Resolves when there is room for more, or nobody reads any more. */
async function write(response: Response, event: ServerEvent): Promise<void> {
  if (response.write(frame(event)) || response.destroyed) return
  const gone = new AbortController()
  const { signal } = gone
  await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]).finally(() =>
    gone.abort(),
  )
}

/** JSON has no line breaks, so an event is always one line of data. Pure. */
export function frame({ event, data }: ServerEvent): string {
  const name = event === 'message' ? '' : `event: ${event}\n`
  return `${name}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`
}

function failure(response: Response, error: unknown): ServerEvent {
  const state = stateOf(response)
  return { event: state.errorShape === 'openai' ? 'message' : 'error', data: errorBody(noteError(state, error), state.errorShape) } // prettier-ignore
}
