import type { ErrorCode } from '../contract/error-codes.ts'
import type { Response } from 'express'
import type { Logger } from 'pino'
import type { Caller } from '../services/caller.ts'
import type { ErrorShape } from './error-body.ts'

/** What is known about a request while it is handled; each middleware adds its part. */
export interface RequestState {
  readonly requestId: string
  readonly startedAt: number
  log: Logger
  caller: Caller
  /** The route's path with its parameters' names: bounded, so that metrics and the audit log can use it. */
  route: string
  /** How errors are told: the route's. */
  errorShape: ErrorShape
  /** Code of the error that it was answered with. */
  errorCode?: ErrorCode
  /** What the log must have of it: set for faults of ours. */
  error?: unknown
}

const states = new WeakMap<Response, RequestState>()

/** Remembers the state of a request by its response; once, before anything asks for it. */
export function beginState(response: Response, state: RequestState): void {
  states.set(response, state)
}

/** @throws Error when no state was begun: a fault of ours */
export function stateOf(response: Response): RequestState {
  const state = states.get(response)
  if (!state) throw new Error('the request has no state: middleware/request-id.ts must run first')
  return state
}
