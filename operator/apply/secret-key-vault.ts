import { type DesiredApiKey, type KeyVault, type StoredKey } from '../../api/provisioning/desired.ts'
import { type Drift } from '../../api/provisioning/steps.ts'
import { apiKeyLabels, apiKeySecret, API_KEY_FIELD, KEY_LABEL, rotationAsked } from '../desired/api-key-secret.ts'
import { types } from '../observe/resource-types.ts'
import { type Tenant } from '../observe/resources.ts'
import { decode, type Secret } from '../observe/secrets.ts'
import { type KubernetesClient } from '../runtime/kubernetes-client.ts'
import { apply, decide } from '../runtime/server-side-apply.ts'
import { APPLIED_ANNOTATION } from '../plan/object-decision.ts'
import { FIELD_MANAGER } from './objects.ts'

/**
 * Keeps a tenant's API keys in Secrets beside its RagTenant, which they are deleted with. For one run of reconciling: each
 * Secret is read once, and again after this vault has written it; what others change meanwhile begins another run.
 */
export class SecretKeyVault implements KeyVault {
  readonly #read = new Map<string, Promise<Secret | null>>()
  readonly #client: KubernetesClient
  readonly #tenant: Tenant
  readonly #apiUrl: string

  constructor(client: KubernetesClient, tenant: Tenant, apiUrl: string) {
    this.#client = client
    this.#tenant = tenant
    this.#apiUrl = apiUrl
  }

  /** Names of Secrets that a declared key should go to, and that somebody else has made. */
  async takenSecrets(): Promise<string[]> {
    const names = this.#tenant.spec.apiKeys.map(({ secretName }) => secretName)
    const secrets = await Promise.all(names.map(name => this.#get(name)))
    return names.filter((_, index) => {
      const secret = secrets[index]
      return secret && !this.#isOurs(secret)
    })
  }

  async read(keyName: string): Promise<StoredKey | null> {
    const name = this.#secretName(keyName)
    // A key that is no longer declared may lie in a Secret of any name.
    const secret = name ? await this.#get(name) : ((await this.#of(keyName))[0] ?? null)
    if (!secret || !this.#isOurs(secret)) return null
    return { secret: decode(secret).get(API_KEY_FIELD) ?? '', rotationAsked: rotationAsked(this.#tenant, secret) }
  }

  async write(keyName: string, key: string): Promise<void> {
    const name = this.#secretName(keyName)
    if (!name) throw new Error(`RagTenant ${this.#tenant.metadata.name} declares no key ${keyName}`)
    const place = { tenant: this.#tenant, keyName, secretName: name, before: await this.#get(name) }
    const secret = apiKeySecret(place, key, this.#apiUrl)
    this.#read.delete(name)
    await apply(this.#client, types.secrets, secret, { fieldManager: FIELD_MANAGER, annotation: APPLIED_ANNOTATION })
    await this.#delete((await this.#of(keyName)).filter(({ metadata }) => metadata.name !== name))
  }

  /**
   * Sets right what somebody has changed of a key's Secret besides the key: its URL, its labels. Gives what that was, without
   * values.
   */
  async mend(keyName: string): Promise<Drift[]> {
    const secretName = this.#secretName(keyName)
    const before = secretName ? await this.#get(secretName) : null
    const key = before && decode(before).get(API_KEY_FIELD)
    if (!secretName || !before || !key || !this.#isOurs(before)) return []
    const secret = apiKeySecret({ tenant: this.#tenant, keyName, secretName, before }, key, this.#apiUrl)
    const decision = decide(secret, before, APPLIED_ANNOTATION)
    if (decision.action === 'none') return []
    this.#read.delete(secretName)
    await apply(this.#client, types.secrets, secret, { fieldManager: FIELD_MANAGER, annotation: APPLIED_ANNOTATION })
    const changed = decision.action === 'repair' ? decision.differences : []
    return changed.map(({ path }) => ({ object: `Secret/${secretName}`, field: path, wanted: 'as it was written', found: 'changed' })) // prettier-ignore
  }

  async remove(keyName: string): Promise<void> {
    await this.#delete(await this.#of(keyName))
  }

  /** Names of the keys that lie in Secrets of this tenant, declared or not. */
  async keyNames(): Promise<string[]> {
    const names = (await this.#all({})).map(({ metadata }) => metadata.labels?.[KEY_LABEL])
    return [...new Set(names.filter(name => name !== undefined))]
  }

  #secretName(keyName: DesiredApiKey['name']): string | undefined {
    return this.#tenant.spec.apiKeys.find(({ name }) => name === keyName)?.secretName
  }

  #get(name: string): Promise<Secret | null> {
    const known = this.#read.get(name)
    if (known) return known
    const reading = this.#client.get<Secret>(types.secrets, { name, namespace: this.#tenant.metadata.namespace })
    this.#read.set(name, reading)
    return reading
  }

  #of(keyName: string): Promise<Secret[]> {
    return this.#all({ [KEY_LABEL]: keyName })
  }

  async #all(labels: Readonly<Record<string, string>>): Promise<Secret[]> {
    const wanted = { ...apiKeyLabels(this.#tenant), ...labels }
    const labelSelector = Object.entries(wanted).map(([name, value]) => `${name}=${value}`).join(',') // prettier-ignore
    const { items } = await this.#client.list<Secret>(types.secrets, { namespace: this.#tenant.metadata.namespace, labelSelector }) // prettier-ignore
    return items.filter(secret => this.#isOurs(secret))
  }

  async #delete(secrets: readonly Secret[]): Promise<void> {
    for (const { metadata } of secrets) {
      this.#read.delete(metadata.name)
      await this.#client.delete(types.secrets, metadata)
    }
  }

  #isOurs(secret: Secret): boolean {
    return secret.metadata.ownerReferences?.some(({ uid }) => uid === this.#tenant.metadata.uid) ?? false
  }
}
