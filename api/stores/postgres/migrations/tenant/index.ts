import type { Migration } from '../../migrator.ts'
import * as tenantSchema from './001-tenant-schema.ts'

/** In the order in which they run. A released migration is never edited; a new one keeps the previous release working. */
export const tenantMigrations: readonly Migration[] = [{ name: '001-tenant-schema', ...tenantSchema }]

/** What a schema with all of them has; a table that is missing was dropped by somebody. */
export const tenantTables = [
  'knowledge_bases',
  'lexical_statistics',
  'documents',
  'document_sources',
  'chunks',
  'chunk_drafts',
  'idempotency_keys',
] as const
