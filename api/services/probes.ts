import type { Redis } from 'ioredis'
import type { Knex } from 'knex'
import type { VectorSpace } from '../contract/fingerprint.ts'
import { controlSchemaVersion } from '../stores/postgres/migrator.ts'
import { controlSchemaState } from '../stores/postgres/schema-state.ts'
import type { VectorStore } from '../stores/vectors/vector-store.ts'
import type { Probe } from './readiness.ts'

/** The database answers, and its schema is one that this version can work with. */
export function databaseProbe(database: Knex): Probe {
  return {
    name: 'database',
    async check() {
      const state = controlSchemaState(await controlSchemaVersion(database))
      switch (state.state) {
        case 'current':
          return 'connected'
        case 'ahead':
          return `connected; the control schema is a release newer (${state.unknown.join(', ')})`
        case 'behind':
          // A fresh database: the first tenant, the operator or a migration prepares it.
          if (state.from === null) return 'connected; not prepared yet'
          throw new Error(`the control schema is at ${state.from}, this version needs ${state.to}; run the migrations`)
        case 'newer':
          throw new Error(
            `the control schema has migrations that this version does not know (${state.unknown.join(', ')})`,
          )
      }
    },
  }
}

export function vectorProbe(vectors: VectorStore): Probe {
  return { name: vectors.engine, check: async signal => `connected (${await vectors.ping(signal)})` }
}

/** Optional: without Redis each replica counts for itself (http/rate-limit.ts). */
export function redisProbe(redis: Redis): Probe {
  return {
    name: 'redis',
    optional: true,
    async check() {
      await redis.ping()
      return 'connected'
    },
  }
}

/** Says plainly when there is no model; that is a way to work and no fault. */
export function embeddingProbe(embedding: EmbeddingMode): Probe {
  return {
    name: 'embedding',
    check: async () =>
      embedding.space
        ? `${embedding.provider}: ${embedding.space.model}, ${embedding.space.dimension} dimensions`
        : `lexical mode: only BM25 works, as there is no embedding model (${embedding.reason})`,
  }
}

export type EmbeddingMode =
  { readonly provider: string; readonly space: VectorSpace } | { readonly space: null; readonly reason: string }
