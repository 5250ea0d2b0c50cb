import { openTestDatabase, postgres } from '../support/postgres.ts'
import { tenantScopeContract } from './tenant-scope.ts'

const open = async () => {
  const test = await (await postgres()).createDatabase()
  const database = openTestDatabase(test.url)
  return {
    database,
    async close() {
      await database.destroy()
      await test.drop()
    },
  }
}

tenantScopeContract('Postgres with an ordinary login role', open)
