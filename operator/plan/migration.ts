import { type SchemaLevel } from '../../api/stores/postgres/schema-level.ts'
import { type Job } from '../desired/job.ts'
import { type LiveJob } from '../observe/jobs.ts'
import { type JobOutcome } from './job-outcome.ts'

/** Whether the database is ready for the image that the pipeline should run. */
export type Migration =
  | { readonly state: 'done' }
  | { readonly state: 'running'; readonly job: string; readonly image: string; readonly message: string | null; readonly stuck: boolean } // prettier-ignore
  | { readonly state: 'failed'; readonly job: string; readonly image: string; readonly message: string | null; readonly reason: string } // prettier-ignore

export interface MigrationDecision {
  readonly migration: Migration
  /** Whether the Job has to be made. */
  readonly start: boolean
  /** Jobs of other attempts. */
  readonly remove: readonly LiveJob[]
}

/** The image's own record decides, not its Job: that may be gone, and the database may have come from a backup. Pure. */
export function isMigrated(level: SchemaLevel | null | undefined, image: string): boolean {
  return level?.image === image
}

/** After so long a Job that has succeeded and left no record in the database is run again: the database is another one. */
const RERUN_MS = 60_000

/**
 * What to do about the migration of an image that the database does not know yet. Pure.
 * @param jobs all migration Jobs of the pipeline
 * @param outcome of the one that is wanted, when it is there
 */
export function decideMigration(
  image: string,
  wanted: Job,
  jobs: readonly LiveJob[],
  outcome: JobOutcome | null,
  now: Date,
): MigrationDecision {
  const { name } = wanted.metadata
  const others = jobs.filter(({ metadata }) => metadata.name !== name)
  const running = (message: string | null, stuck = false): Migration => ({ state: 'running', job: name, image, message, stuck }) // prettier-ignore
  switch (outcome?.state) {
    case undefined:
      return { migration: running(null), start: true, remove: others }
    case 'running':
      return { migration: running(outcome.message, outcome.stuck), start: false, remove: others }
    case 'failed': {
      const { message, reason } = outcome
      return { migration: { state: 'failed', job: name, image, message, reason }, start: false, remove: others }
    }
    case 'succeeded': {
      const again = now.getTime() - outcome.at.getTime() >= RERUN_MS
      return { migration: running(null), start: false, remove: again ? jobs : others }
    }
  }
}
