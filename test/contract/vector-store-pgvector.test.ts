import knex, { type Knex } from 'knex'
import { after, describe } from 'mocha'
import { PgVectorStore } from '../../api/stores/vectors/pgvector/pg-vector-store.ts'
import { pgliteUrl } from '../support/pglite.ts'
import { vectorStoreContract } from './vector-store.ts'

describe('vector store: pgvector', function () {
  this.timeout(120_000)
  let database: Knex | undefined
  after(() => database?.destroy())
  vectorStoreContract(async () => {
    database ??= knex({ client: 'pg', connection: await pgliteUrl(), pool: { min: 0, max: 4 } })
    return new PgVectorStore({ database })
  })
})
