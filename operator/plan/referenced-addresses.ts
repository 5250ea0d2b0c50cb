import { type RagPipeline } from '../../crds/rag-pipeline.ts'
import { secretVariables } from '../desired/environment.ts'
import { addressOf, type NetworkAddress } from '../desired/network-address.ts'
import { type ObservedReferences } from '../observe/references.ts'

/**
 * Hosts and ports of the URLs that stand in Secrets and ConfigMaps which the pods read: database, Redis, what `env` refers
 * to. Nothing else of those values goes on from here. Pure.
 */
export function referencedAddresses(
  pipeline: RagPipeline,
  { secrets, configMaps }: Pick<ObservedReferences, 'secrets' | 'configMaps'>,
): NetworkAddress[] {
  const env = [...pipeline.spec.api.env, ...pipeline.spec.worker.env]
  const ofSecrets = [
    ...secretVariables(pipeline).map(({ secret }) => secret),
    ...env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []),
  ].map(({ name, key }) => secrets.values.get(name)?.get(key))
  const ofConfigMaps = env
    .flatMap(({ valueFrom }) => valueFrom?.configMapKeyRef ?? [])
    .map(({ name, key }) => configMaps.get(name)?.[key])
  return [...ofSecrets, ...ofConfigMaps]
    .map(value => (value === undefined ? null : addressOf(value)))
    .filter(address => address !== null)
}
