import { modelProviders, type ProviderName } from '../../api/contract/model-providers.ts'
import { readModelReference } from '../../api/contract/model-reference.ts'
import type { Backup } from '../../crds/backup.ts'
import type { EnvironmentVariable } from '../../crds/pod.ts'
import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import { addressOf, type NetworkAddress, remote } from './network-address.ts'
import { type Component, isJob, type JobComponent } from './names.ts'

/** Where the local model comes from when the image does not hold it. */
const MODEL_HUB: NetworkAddress = { host: 'huggingface.co.', port: 443 }

/** Hosts that the pods of a component talk to, as far as the resource itself names them; duplicates included. */
export function specAddresses({ spec }: RagPipeline, component: Component | JobComponent): NetworkAddress[] {
  const { postgres, vectors, models } = spec
  const { env } = spec[isJob(component) ? 'api' : component]
  // A Job has the API's environment and asks no model.
  const used = isJob(component) ? [] : [models.embedding, models.llm, models.reranker]
  const choices = isJob(component) ? [] : [...models.llm.fallbacks, ...models.llm.choices, ...models.reranker.choices]
  const addresses = [
    postgres.host ? remote({ host: postgres.host.toLowerCase(), port: postgres.port }) : null,
    vectors.url ? addressOf(vectors.url) : null,
    ...used.map(model => modelAddress(model, env)),
    ...choices.map(choice => choiceAddress(choice, env)),
    component === 'backup' ? bucketAddress(spec.backup) : null,
    ...env.map(({ value }) => (value === undefined ? null : addressOf(value))),
  ]
  return addresses.filter(address => address !== null)
}

/** Where backups go; a volume is mounted by the node. */
function bucketAddress(backup: Backup | undefined): NetworkAddress | null {
  if (!backup?.s3) return null
  return backup.s3.endpoint === undefined
    ? { host: `s3.${backup.s3.region}.amazonaws.com.`, port: 443 }
    : addressOf(backup.s3.endpoint)
}

function modelAddress(
  { provider, baseUrl }: { provider: ProviderName | 'none' | 'local'; baseUrl?: string | undefined },
  env: readonly EnvironmentVariable[],
): NetworkAddress | null {
  if (provider === 'none') return null
  if (provider === 'local') return env.some(({ name }) => name === 'MODELS_DIR') ? null : MODEL_HUB
  return baseUrl === undefined ? ownAddress(provider, env) : addressOf(baseUrl)
}

function choiceAddress(choice: string, env: readonly EnvironmentVariable[]): NetworkAddress | null {
  const provider = readModelReference(choice)?.provider
  return provider !== undefined && provider in modelProviders ? ownAddress(provider as ProviderName, env) : null
}

function ownAddress(provider: ProviderName, env: readonly EnvironmentVariable[]): NetworkAddress | null {
  const { urlVariable, url } = modelProviders[provider]
  // Set by `env`: its value counts like that of any other variable.
  if (url === undefined || env.some(({ name }) => name === urlVariable)) return null
  return addressOf(url)
}
