import { type RagPipeline } from '../../crds/rag-pipeline.ts'
import { type ObservedSecrets } from '../observe/secrets.ts'

/** Where a pipeline's stores are and how they are opened. Holds secrets: never to be logged. */
export interface StoreAddress {
  readonly database: DatabaseAccess
  readonly vectors:
    { readonly engine: 'qdrant'; readonly url: string; readonly apiKey?: string } | { readonly engine: 'pgvector' }
}

export type DatabaseAccess =
  | { readonly url: string }
  | {
      readonly host: string
      readonly port: number
      readonly database: string
      readonly user: string
      readonly password: string
      readonly sslMode: RagPipeline['spec']['postgres']['sslMode']
    }

/** Null when a Secret that is needed for it is missing. */
export function storeAddress(pipeline: Pick<RagPipeline, 'spec'>, secrets: ObservedSecrets): StoreAddress | null {
  const database = databaseAccess(pipeline.spec.postgres, secrets)
  const vectors = vectorAccess(pipeline.spec.vectors, secrets)
  return database && vectors ? { database, vectors } : null
}

function databaseAccess(spec: RagPipeline['spec']['postgres'], secrets: ObservedSecrets): DatabaseAccess | null {
  if (spec.urlSecretRef) {
    const url = valueOf(secrets, spec.urlSecretRef.name, spec.urlSecretRef.key)
    return url === null ? null : { url }
  }
  const { host, port, database, sslMode, credentialsSecretRef: credentials } = spec
  if (host === undefined || credentials === undefined) return null
  const user = valueOf(secrets, credentials.name, credentials.usernameKey)
  const password = valueOf(secrets, credentials.name, credentials.passwordKey)
  return user === null || password === null ? null : { host, port, database, user, password, sslMode }
}

function vectorAccess(spec: RagPipeline['spec']['vectors'], secrets: ObservedSecrets): StoreAddress['vectors'] | null {
  if (spec.engine === 'pgvector') return { engine: 'pgvector' }
  if (spec.url === undefined) return null
  if (!spec.apiKeySecretRef) return { engine: 'qdrant', url: spec.url }
  const apiKey = valueOf(secrets, spec.apiKeySecretRef.name, spec.apiKeySecretRef.key)
  return apiKey === null ? null : { engine: 'qdrant', url: spec.url, apiKey }
}

function valueOf(secrets: ObservedSecrets, name: string, key: string): string | null {
  return secrets.values.get(name)?.get(key) || null
}
