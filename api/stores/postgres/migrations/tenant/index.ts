import type { Migration } from '../migration.ts'
import * as tenantSchema from './001-tenant-schema.ts'
import * as legWorth from './002-leg-worth.ts'
import * as enrichment from './003-enrichment.ts'
import * as summaryTrees from './004-summary-trees.ts'

/** In the order in which they run. A released migration is never edited; a new one keeps the previous release working. */
export const tenantMigrations: readonly Migration[] = [
  { name: '001-tenant-schema', release: '0.1', ...tenantSchema },
  { name: '002-leg-worth', release: '0.1', ...legWorth },
  { name: '003-enrichment', release: '0.1', ...enrichment },
  { name: '004-summary-trees', release: '0.1', ...summaryTrees },
]
