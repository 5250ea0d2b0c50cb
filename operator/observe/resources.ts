import { type RagPipeline } from '../../crds/rag-pipeline.ts'
import { type RagTenant } from '../../crds/rag-tenant.ts'
import { type ObjectMeta } from '../runtime/kubernetes-object.ts'

/**
 * The product's resources as the API server gives them: its schema has filled in the defaults, so they are what
 * crds/*.ts says they are, with the metadata of a stored object.
 */
export type Pipeline = RagPipeline & { readonly metadata: StoredMeta }
export type Tenant = RagTenant & { readonly metadata: StoredMeta }

interface StoredMeta extends ObjectMeta {
  readonly namespace: string
  readonly uid: string
  readonly generation: number
  readonly creationTimestamp: string
}
