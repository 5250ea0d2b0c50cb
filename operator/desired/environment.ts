import { pipelineVariables, present } from '../../api/provisioning/pipeline-variables.ts'
import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import type { ReservedVariable } from '../../crds/reserved-variables.ts'
import { ADMIN_TOKEN_KEY } from './admin-token.ts'
import { names, PORT } from './names.ts'

/** `ENVIRONMENT` alone may be overridden by `env`: samples with example secrets need `development`. */
type RenderedVariable = ReservedVariable | 'ENVIRONMENT'

export interface SecretVariable {
  readonly name: ReservedVariable
  readonly secret: { readonly name: string; readonly key: string }
}

/** Values of variables that are no secrets; they go to the ConfigMap. */
export function plainVariables(pipeline: RagPipeline): Partial<Record<RenderedVariable, string>> {
  const { spec } = pipeline
  return {
    ENVIRONMENT: 'production',
    HOST: '0.0.0.0',
    PORT: String(PORT),
    // The operator checks its tenants itself, and tells it in their conditions.
    SCHEDULED_ISOLATION_CHECK: 'off',
    ...pipelineVariables(pipeline),
    ...present<ReservedVariable>({
      ...postgresVariables(spec.postgres),
      VECTOR_ENGINE: spec.vectors.engine,
      QDRANT_URL: spec.vectors.url,
      RATE_LIMIT_STORAGE: spec.redis ? 'redis' : 'memory',
    }),
  }
}

/** Variables whose values stay in Secrets. */
export function secretVariables(pipeline: RagPipeline): SecretVariable[] {
  const { postgres, vectors, redis, models } = pipeline.spec
  const credentials = postgres.credentialsSecretRef
  const references: Partial<Record<ReservedVariable, { name: string; key: string } | undefined>> = {
    DATABASE_URL: postgres.urlSecretRef,
    PGUSER: credentials && { name: credentials.name, key: credentials.usernameKey },
    PGPASSWORD: credentials && { name: credentials.name, key: credentials.passwordKey },
    QDRANT_API_KEY: vectors.apiKeySecretRef,
    REDIS_URL: redis?.urlSecretRef,
    EMBEDDING_API_KEY: models.embedding.apiKeySecretRef,
    LLM_API_KEY: models.llm.apiKeySecretRef,
    RERANK_API_KEY: models.reranker.apiKeySecretRef,
    ADMIN_TOKEN: { name: names.adminTokenSecret(pipeline), key: ADMIN_TOKEN_KEY },
  }
  return Object.entries(references).flatMap(([name, secret]) =>
    secret ? [{ name: name as ReservedVariable, secret: { name: secret.name, key: secret.key } }] : [],
  )
}

/** With a URL, host and database are in it. */
function postgresVariables({ host, port, database, sslMode, pool }: RagPipeline['spec']['postgres']) {
  const connection = host ? { PGHOST: host, PGPORT: port, PGDATABASE: database, PGSSLMODE: sslMode } : {}
  return { ...connection, DB_POOL_SIZE: pool.min, DB_MAX_OVERFLOW: pool.max - pool.min }
}
