import { pipelineVariables } from '../provisioning/pipeline-variables.ts'
import type { RagPipeline } from '../../crds/rag-pipeline.ts'

type Variables = Readonly<Record<string, string | undefined>>

/**
 * The environment of the API in this process: what the pipeline says, overridden by the caller's environment, and above
 * both the stores that are embedded here and the home's admin token.
 */
export function standaloneEnvironment(
  pipeline: RagPipeline,
  caller: Variables,
  embedded: { readonly databaseUrl: string; readonly adminToken: string },
): Variables {
  return {
    // A terminal is no place for every request; LOG_LEVEL asks for them.
    ...pipelineVariables(pipeline),
    LOG_LEVEL: 'warn',
    ...withoutEmpty(caller),
    DATABASE_URL: embedded.databaseUrl,
    VECTOR_ENGINE: 'pgvector',
    // The collections are named after the resource, as its operator would name them.
    QDRANT_COLLECTION_PREFIX: pipelineVariables(pipeline).QDRANT_COLLECTION_PREFIX,
    ADMIN_TOKEN: caller['ADMIN_TOKEN'] || embedded.adminToken,
    // One process is all there is: a connection that waits for another inside a transaction would wait for ever, and the
    // embedded database serves them one after the other anyway.
    DB_POOL_SIZE: '4',
    DB_MAX_OVERFLOW: '4',
    // Maintenance switches roles for whole sessions, of which the embedded database has one for everybody.
    SCHEDULED_MAINTENANCE: 'off',
    SCHEDULED_ISOLATION_CHECK: 'off',
  }
}

function withoutEmpty(variables: Variables): Variables {
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''))
}
