import { openTestDatabase } from '../support/postgres.ts'
import { dropProductSchemas } from '../support/product-schemas.ts'
import { pgliteUrl } from '../support/pglite.ts'
import { tenantScopeContract } from './tenant-scope.ts'

const open = async () => {
  const database = openTestDatabase(await pgliteUrl())
  return {
    database,
    async close() {
      await dropProductSchemas(database)
      await database.destroy()
    },
  }
}

tenantScopeContract('PGlite', open)
