import type { Knex } from 'knex'
import { documentMetadataFields } from '../../stores/postgres/documents.ts'
import { inTenant } from '../../stores/postgres/tenant-scope.ts'
import type { MetadataFieldSource } from './metadata-field-source.ts'

/** From the newest documents of the tenant's own table, as its own role. */
export function storedMetadataFields(database: Knex): MetadataFieldSource {
  return {
    async fields(scope, knowledgeBaseIds) {
      const allowed = knowledgeBaseIds.filter(id => scope.allows(id))
      return inTenant(database, scope, tenant => documentMetadataFields(tenant, allowed))
    },
  }
}
