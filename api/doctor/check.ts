import type { Redis } from 'ioredis'
import type { Knex } from 'knex'
import type { Configuration } from '../contract/configuration.ts'
import type { VectorStore } from '../stores/vectors/vector-store.ts'
import type { Host } from './host.ts'

/** What one look has found. `warning`: it works, but somebody should know. */
export interface Finding {
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped'
  /** What is so, in a line. */
  readonly message: string
  /** Why it may be so. */
  readonly cause?: string
  /** What to do about it. */
  readonly remedy?: string
}

/** What checks look at. The stores are opened, not connected. */
export interface Patient {
  readonly configuration: Configuration
  readonly database: Knex
  readonly vectors: VectorStore
  readonly redis: Redis | null
  readonly host: Host
  /** Folders, besides the usual ones, that this installation writes to. */
  readonly folders: readonly string[]
  readonly now: () => Date
}

/** One question about the installation. Checks read; none of them changes anything. */
export interface Check {
  readonly name: string
  /** Checks without whose success this one has nothing to look at. */
  readonly needs?: readonly string[]
  /** Milliseconds; absent: 10 s. */
  readonly timeoutMs?: (patient: Patient) => number
  /** A rejection is a fault that nobody foresaw, told by its message. */
  examine(patient: Patient, signal: AbortSignal): Promise<Finding>
}

export const ok = (message: string): Finding => ({ status: 'ok', message })
export const skipped = (message: string): Finding => ({ status: 'skipped', message })
export const warning = (message: string, cause: string, remedy: string): Finding => ({ status: 'warning', message, cause, remedy }) // prettier-ignore
export const failed = (message: string, cause: string, remedy: string): Finding => ({ status: 'failed', message, cause, remedy }) // prettier-ignore
