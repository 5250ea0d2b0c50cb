import { UnusableAnswer } from '../providers/llms/structured-answer.ts'
import { EmbeddingDimensionError, ProviderError } from '../providers/provider-error.ts'
import { CacheUnavailable } from '../stores/caches/cache-store.ts'
import { databaseFault } from '../stores/postgres/database-errors.ts'
import type { JobError } from '../stores/postgres/rows.ts'
import { CollectionMissing, DimensionMismatch, VectorStoreUnavailable } from '../stores/vectors/vector-store.ts'
import { UnreadableDocument } from './parsers/parser.ts'

/** The work cannot be done, and doing it again would not help; `message` says what a person can do. */
export class PermanentFailure extends Error {
  override readonly name = 'PermanentFailure'
  readonly code: string
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Something that will be over by itself has to be over first. */
export class NotYet extends Error {
  override readonly name = 'NotYet'
}

/** The LLM that enriches documents or summarises them failed, or gave nothing that can be used. */
export class LlmFailure extends Error {
  override readonly name = 'LlmFailure'
  override readonly cause: ProviderError | UnusableAnswer
  constructor(cause: ProviderError | UnusableAnswer) {
    super(cause.message, { cause })
    this.cause = cause
  }
}

/** Nobody wants the job's result any more: its document was deleted or replaced. Not a failure. */
export class Superseded extends Error {
  override readonly name = 'Superseded'
}

export interface Attempt {
  /** How often the stage was begun, this time included. */
  readonly stageAttempts: number
  /** How old the job is. */
  readonly ageMs: number
}

const PATIENCE_MS = 7 * 86_400_000
const UNEXPECTED_ATTEMPTS = 5

/**
 * What a failed attempt means. What may pass by itself (a store or a model that is down, 429) is waited for, a week long;
 * what cannot is told at once. Errors that nobody foresaw are tried five times. Pure.
 */
export function judgeFailure(error: unknown, { stageAttempts, ageMs }: Attempt): JobError {
  const judged = error instanceof LlmFailure ? ofLlm(error, stageAttempts) : (known(error) ?? unexpected(stageAttempts))
  if (!judged.transient || ageMs < PATIENCE_MS) return judged
  return { ...judged, transient: false, message: `given up after 7 days: ${judged.message}` }
}

function known(error: unknown): JobError | null {
  if (error instanceof PermanentFailure) return permanent(error.code, error)
  if (error instanceof NotYet) return transient('NOT_YET', error)
  if (error instanceof UnreadableDocument) return permanent('UNREADABLE_DOCUMENT', error)
  if (error instanceof EmbeddingDimensionError || error instanceof DimensionMismatch)
    return permanent('EMBEDDING_DIMENSION', error)
  if (error instanceof ProviderError)
    return error.transient ? transient('EMBEDDER_UNAVAILABLE', error) : permanent('EMBEDDING_FAILED', error)
  if (error instanceof VectorStoreUnavailable || error instanceof CollectionMissing)
    return transient('VECTOR_STORE_UNAVAILABLE', error)
  if (error instanceof CacheUnavailable) return transient('CACHE_UNAVAILABLE', error)
  switch (databaseFault(error)) {
    case 'unavailable':
    case 'refused':
    case 'retry':
    case 'timeout':
    case 'missing':
      // Messages of the database may name hosts and roles; users see them.
      return { code: 'DATABASE_UNAVAILABLE', message: 'the database cannot be used at the moment', transient: true }
    case 'conflict':
    case 'invalid':
    case 'forbidden':
    case 'other':
      return null
  }
}

/** A model that makes no sense may make some at another time, but not for ever. */
function ofLlm(error: LlmFailure, stageAttempts: number): JobError {
  if (error.cause instanceof UnusableAnswer)
    return { code: 'LLM_FAILED', message: error.message, transient: stageAttempts < UNEXPECTED_ATTEMPTS }
  return error.cause.transient ? transient('LLM_UNAVAILABLE', error) : permanent('LLM_FAILED', error)
}

function unexpected(stageAttempts: number): JobError {
  return {
    code: 'INTERNAL_ERROR',
    message: "an unexpected error; the worker's log tells more under this job's id",
    transient: stageAttempts < UNEXPECTED_ATTEMPTS,
  }
}

function transient(code: string, { message }: Error): JobError {
  return { code, message, transient: true }
}

function permanent(code: string, { message }: Error): JobError {
  return { code, message, transient: false }
}
