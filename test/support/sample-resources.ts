import { API_VERSION } from '../../crds/definition.ts'

export interface Manifest {
  apiVersion: string
  kind: 'RagPipeline' | 'RagTenant'
  metadata: { name: string; namespace?: string; annotations?: Record<string, string> }
  spec: Record<string, unknown>
}

/** The smallest RagPipeline that the API server takes, with these fields of its spec besides or instead. */
export function pipelineManifest(spec: Record<string, unknown> = {}, name = 'demo'): Manifest {
  const needed = { postgres: { urlSecretRef: { name: 'demo-postgres' } }, vectors: { url: 'http://qdrant:6333' } }
  return { apiVersion: API_VERSION, kind: 'RagPipeline', metadata: { name }, spec: { ...needed, ...spec } }
}

/** The smallest RagTenant, likewise. */
export function tenantManifest(spec: Record<string, unknown> = {}, name = 'acme'): Manifest {
  const needed = { pipelineRef: { name: 'demo' } }
  return { apiVersion: API_VERSION, kind: 'RagTenant', metadata: { name }, spec: { ...needed, ...spec } }
}
