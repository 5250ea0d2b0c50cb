import { type OperatorContext } from './controllers/context.ts'
import { referencedSecrets } from './desired/referenced-secrets.ts'
import { type Pipeline } from './observe/resources.ts'
import { observeSecrets } from './observe/secrets.ts'
import { storeAddress, type StoreAddress } from './plan/store-address.ts'
import { type Informer } from './runtime/informer.ts'
import { type KubernetesObject, objectKey } from './runtime/kubernetes-object.ts'

interface Known {
  readonly versions: string
  readonly address: StoreAddress
}

/**
 * Addresses of the pipelines' stores. A thousand tenants of a pipeline ask for the same one: it is read anew only when the
 * watch has seen another version of the spec or of a Secret, which is also what wakes the tenants. It holds passwords, as
 * the connections that are opened with them do.
 */
export class StoreAddresses {
  readonly #known = new Map<string, Known>()
  readonly #secrets: Pick<Informer<KubernetesObject>, 'get'>

  constructor(secrets: Pick<Informer<KubernetesObject>, 'get'>) {
    this.#secrets = secrets
  }

  /** Null when a Secret that is needed for it is missing. */
  async of({ client }: Pick<OperatorContext, 'client'>, pipeline: Pipeline): Promise<StoreAddress | null> {
    const key = objectKey(pipeline.metadata)
    // Before the Secrets are read: what is read is this version or a newer one, and that one is still to come.
    const versions = this.#versions(pipeline)
    const known = this.#known.get(key)
    if (known && known.versions === versions) return known.address
    const secrets = await observeSecrets(client, pipeline.metadata.namespace, referencedSecrets(pipeline))
    const address = storeAddress(pipeline, secrets)
    if (address && versions !== null) this.#known.set(key, { versions, address })
    else this.#known.delete(key)
    return address
  }

  forget(pipeline: string): void {
    this.#known.delete(pipeline)
  }

  /** Null when the watch has not seen all of them (yet). */
  #versions(pipeline: Pipeline): string | null {
    const { namespace, uid, generation } = pipeline.metadata
    const secrets = referencedSecrets(pipeline).map(({ name }) => this.#secrets.get({ name, namespace })?.metadata)
    if (secrets.some(metadata => metadata === undefined)) return null
    return JSON.stringify([uid, generation, secrets.map(metadata => [metadata?.uid, metadata?.resourceVersion])])
  }
}
