import { createHash } from 'node:crypto'
import { type ConfigMap } from '../desired/config-map.ts'
import { referencedSecrets } from '../desired/referenced-secrets.ts'
import { referencedConfigMaps } from '../plan/referenced-config-maps.ts'
import { type KubernetesClient } from '../runtime/kubernetes-client.ts'
import { types } from './resource-types.ts'
import { type Pipeline } from './resources.ts'
import { type ObservedSecrets, observeSecrets } from './secrets.ts'

export interface ObservedReferences {
  readonly secrets: ObservedSecrets
  /** Of the ConfigMaps that the pods read and that are there: name → key → value. */
  readonly configMaps: ReadonlyMap<string, Readonly<Record<string, string>>>
  /** Equal for equal contents of all Secrets and ConfigMaps that the pods read, and tells nothing of them. */
  readonly checksum: string
}

/** Reads what other people have written for the pipeline, as it is now. */
export async function observeReferences(client: KubernetesClient, pipeline: Pipeline): Promise<ObservedReferences> {
  const { namespace } = pipeline.metadata
  const secrets = await observeSecrets(client, namespace, referencedSecrets(pipeline))
  const found = await Promise.all(
    referencedConfigMaps(pipeline).map(name => client.get<ConfigMap>(types.configMaps, { namespace, name })),
  )
  const present = found.filter(map => map !== null)
  const configMaps = new Map(present.map(({ metadata, data = {} }) => [metadata.name, data]))
  const contents = [
    ...[...secrets.values].map(([name, values]) => ['Secret', name, [...values].sort(byName)]),
    ...[...configMaps].map(([name, data]) => ['ConfigMap', name, Object.entries(data).sort(byName)]),
  ]
  return {
    secrets,
    configMaps,
    checksum: createHash('sha256').update(JSON.stringify(contents)).digest('hex').slice(0, 16),
  }
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1
}
