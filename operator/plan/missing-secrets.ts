import { type RagPipeline } from '../../crds/rag-pipeline.ts'
import { type MissingSecret } from '../observe/secrets.ts'
import { type Finding } from '../runtime/conditions.ts'
import { fails, sentences } from './findings.ts'

/** Conditions that a missing Secret of the pipeline decides: what its absence keeps from working. */
type Area = 'DatabaseReady' | 'VectorStoreReady' | 'ModelsReady' | 'APIAvailable'

/** What is said about missing Secrets under one condition; null when none of them matters for it. */
export function secretFinding(
  pipeline: Pick<RagPipeline, 'spec' | 'metadata'>,
  missing: readonly MissingSecret[],
  area: Area,
): Finding | null {
  const relevant = missing.filter(({ name }) => areaOf(pipeline.spec, name) === area)
  const [first] = relevant
  if (!first) return null
  const namespace = pipeline.metadata.namespace ?? 'default'
  const reason = first.key === null ? 'SecretMissing' : 'SecretKeyMissing'
  return fails(area, reason, sentences(relevant.map(secret => describe(namespace, secret))))
}

export function describe(namespace: string, { name, key }: MissingSecret): string {
  return key === null
    ? `Secret ${namespace}/${name} does not exist; create it, or correct the reference to it`
    : `Secret ${namespace}/${name} has no value under the key ${key}; add it, or correct the reference to it`
}

function areaOf(spec: RagPipeline['spec'], secret: string): Area {
  const { postgres, vectors, models } = spec
  if ([postgres.urlSecretRef?.name, postgres.credentialsSecretRef?.name].includes(secret)) return 'DatabaseReady'
  if (vectors.apiKeySecretRef?.name === secret) return 'VectorStoreReady'
  const { embedding, llm, reranker } = models
  if ([embedding, llm, reranker].some(({ apiKeySecretRef }) => apiKeySecretRef?.name === secret)) return 'ModelsReady'
  // Redis and `env`: the pods cannot start.
  return 'APIAvailable'
}
