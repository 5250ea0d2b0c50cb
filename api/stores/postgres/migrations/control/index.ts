import type { Migration } from '../migration.ts'
import * as controlSchema from './001-control-schema.ts'
import * as isolationMoves from './002-isolation-moves.ts'
import * as webhooks from './003-webhooks.ts'
import * as usageByModel from './004-usage-by-model.ts'
import * as summarizeJobs from './005-summarize-jobs.ts'
import * as givenUpJobs from './006-given-up-jobs.ts'

/** In the order in which they run. A released migration is never edited; a new one keeps the previous release working. */
export const controlMigrations: readonly Migration[] = [
  { name: '001-control-schema', release: '0.1', ...controlSchema },
  { name: '002-isolation-moves', release: '0.1', ...isolationMoves },
  { name: '003-webhooks', release: '0.1', ...webhooks },
  { name: '004-usage-by-model', release: '0.1', ...usageByModel },
  { name: '005-summarize-jobs', release: '0.1', ...summarizeJobs },
  { name: '006-given-up-jobs', release: '0.1', ...givenUpJobs },
]
