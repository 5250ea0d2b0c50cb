import { configurationSchema, type embeddingProviders, type llmProviders } from '../../api/contract/configuration.ts'
import type { Backup } from '../../crds/backup.ts'
import type { EnvironmentVariable } from '../../crds/pod.ts'
import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import { addressOf, type NetworkAddress, remote } from './network-address.ts'
import { type Component, isJob, type JobComponent } from './names.ts'

type Provider = (typeof embeddingProviders)[number] | (typeof llmProviders)[number]
type UrlVariable = 'OPENAI_BASE_URL' | 'OLLAMA_BASE_URL'

/** Which variable says where a provider is when the resource does not. */
const urlVariables: Readonly<Record<Exclude<Provider, 'none' | 'local'>, UrlVariable>> = {
  openai: 'OPENAI_BASE_URL',
  ollama: 'OLLAMA_BASE_URL',
}
/** Where the local model comes from when the image does not hold it. */
const MODEL_HUB: NetworkAddress = { host: 'huggingface.co.', port: 443 }

/** Hosts that the pods of a component talk to, as far as the resource itself names them; duplicates included. */
export function specAddresses({ spec }: RagPipeline, component: Component | JobComponent): NetworkAddress[] {
  const { postgres, vectors, models } = spec
  const { env } = spec[isJob(component) ? 'api' : component]
  // A Job has the API's environment and asks no model.
  const used = isJob(component) ? [] : [models.embedding, models.llm]
  const addresses = [
    postgres.host ? remote({ host: postgres.host.toLowerCase(), port: postgres.port }) : null,
    vectors.url ? addressOf(vectors.url) : null,
    ...used.map(model => modelAddress(model, env)),
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
  { provider, baseUrl }: { provider: Provider; baseUrl?: string | undefined },
  env: readonly EnvironmentVariable[],
): NetworkAddress | null {
  if (provider === 'none') return null
  if (provider === 'local') return env.some(({ name }) => name === 'MODELS_DIR') ? null : MODEL_HUB
  if (baseUrl !== undefined) return addressOf(baseUrl)
  const variable = urlVariables[provider]
  // Set by `env`: its value counts like that of any other variable.
  if (env.some(({ name }) => name === variable)) return null
  return addressOf(configurationSchema.shape[variable].parse(undefined))
}
