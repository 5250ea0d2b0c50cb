import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../api/standalone/embedded-postgres.ts'
import { onTeardown } from './teardown.ts'

let shared: Promise<EmbeddedPostgres> | undefined

/** URL of the in-memory PGlite with pgvector that this test run shares; it has one database, `postgres`. Started once. */
export async function pgliteUrl(): Promise<string> {
  shared ??= startEmbeddedPostgres(null).then(started => {
    onTeardown(() => started.stop())
    return started
  })
  return (await shared).url
}
