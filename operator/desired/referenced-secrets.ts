import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import { secretVariables } from './environment.ts'
import { names } from './names.ts'

export interface ReferencedSecret {
  readonly name: string
  /** Keys that must be in it; empty: the Secret only has to exist. */
  readonly keys: readonly string[]
}

/**
 * Secrets of other people that the pods cannot start without, sorted by name. The operator waits for them (condition
 * names the first that is missing), watches them, and rolls the pods when one changes.
 */
export function referencedSecrets(pipeline: RagPipeline): ReferencedSecret[] {
  const own = names.adminTokenSecret(pipeline)
  const fromFields = secretVariables(pipeline).map(variable => variable.secret)
  const fromEnv = [...pipeline.spec.api.env, ...pipeline.spec.worker.env].flatMap(({ valueFrom }) => {
    const reference = valueFrom?.secretKeyRef
    return reference && !reference.optional ? [{ name: reference.name, key: reference.key }] : []
  })
  const keys = new Map<string, Set<string>>()
  for (const { name, key } of [...fromFields, ...fromEnv]) {
    if (name !== own) keys.set(name, (keys.get(name) ?? new Set()).add(key))
  }
  return [...keys].map(([name, of]) => ({ name, keys: [...of].sort() })).sort((a, b) => (a.name < b.name ? -1 : 1))
}
