import { type RagPipeline } from '../../crds/rag-pipeline.ts'

/** Names of ConfigMaps of other people that `env` of the pods refers to, sorted. Pods roll when one changes. */
export function referencedConfigMaps({ spec }: Pick<RagPipeline, 'spec'>): string[] {
  const variables = [...spec.api.env, ...spec.worker.env]
  const found = variables.map(({ valueFrom }) => valueFrom?.configMapKeyRef?.name).filter(name => name !== undefined)
  return [...new Set(found)].sort()
}
