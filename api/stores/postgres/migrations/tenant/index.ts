import type { Migration } from '../migration.ts'
import * as tenantSchema from './001-tenant-schema.ts'

/** In the order in which they run. A released migration is never edited; a new one keeps the previous release working. */
export const tenantMigrations: readonly Migration[] = [{ name: '001-tenant-schema', release: '0.1', ...tenantSchema }]
