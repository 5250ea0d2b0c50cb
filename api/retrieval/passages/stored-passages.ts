import type { Knex } from 'knex'
import { placesOfChunks } from '../../stores/postgres/chunks.ts'
import { readParsedPassages } from '../../stores/postgres/document-sources.ts'
import { inTenant } from '../../stores/postgres/tenant-scope.ts'
import type { PassageSource } from './passage-source.ts'

/** From the tenant's own tables, as its own role. */
export function storedPassages(database: Knex): PassageSource {
  return {
    async locate(scope, chunkIds, reach) {
      const rows = await inTenant(database, scope, tenant => placesOfChunks(tenant, chunkIds, reach))
      return rows.map(row => ({
        chunkId: row.id,
        documentId: row.document_id,
        start: row.start_offset,
        end: row.end_offset,
        parent: row.parent,
        around: { start: row.around_start, end: row.around_end, chunkIds: row.around_ids },
      }))
    },
    read: (scope, passages) => inTenant(database, scope, tenant => readParsedPassages(tenant, passages)),
  }
}
