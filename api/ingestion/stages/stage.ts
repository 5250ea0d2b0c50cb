import type { TenantTransaction } from '../../stores/postgres/tenant-scope.ts'
import type { IngestRun } from '../ingest-run.ts'

/** What a stage has worked out. */
export interface StageResult {
  /** For people: `14 chunks`. */
  readonly detail: string
  /** Writes it, in the transaction that also records the stage as done. */
  readonly commit: (tenant: TenantTransaction) => Promise<void>
  /** It was so cheap that it may wait for the next stage's transaction. */
  readonly deferrable?: boolean
}

/**
 * One step from a source to searchable chunks. It may run again after any crash or failure, and then finds what it had
 * done; it never keeps a transaction open while it waits for a model or a store.
 */
export interface Stage {
  readonly name: 'parse' | 'chunk' | 'enrich' | 'embed' | 'store'
  run(run: IngestRun): Promise<StageResult>
}

/** What a stage did is not there, or no longer right: others have changed things meanwhile. It has to run again, at once. */
export class StageOutdated extends Error {
  override readonly name = 'StageOutdated'
  readonly stage: Stage['name']
  constructor(stage: Stage['name']) {
    super(`the stage ${stage} has to run again`)
    this.stage = stage
  }
}

export const nothingToWrite = async (): Promise<void> => {}
