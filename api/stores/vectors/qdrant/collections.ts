import type { Schemas } from '@qdrant/js-client-rest'
import { type Owner, sameOwner } from '../../../contract/ownership.ts'
import {
  type CollectionAdmin,
  type CollectionSpec,
  type CollectionState,
  type PayloadIndex,
  payloadIndexes,
} from '../vector-store.ts'
import type { CollectionTuning, TuningPart } from '../tuning.ts'
import { createBody, indexBody, ownerMetadata, readState, tuneBody } from './collection-config.ts'
import { isCollectionMissing, isQdrantStatus, onCollection } from './errors.ts'
import type { QdrantTransport } from './transport.ts'

/** The first version that keeps metadata of collections, in which the ownership marker stands. */
const OLDEST = [1, 16] as const

export class QdrantCollections implements CollectionAdmin {
  readonly #transport: QdrantTransport

  constructor(transport: QdrantTransport) {
    this.#transport = transport
  }

  async version(signal?: AbortSignal): Promise<string> {
    const about = await this.#transport.plain<{ version?: string }>('/', { signal })
    return about.version ?? 'of unknown version'
  }

  async describe(name: string): Promise<CollectionState | null> {
    try {
      const info = await this.#transport.request<Schemas['CollectionInfo']>('GET', path(name))
      return readState((await this.resolve(name)) ?? name, info)
    } catch (error) {
      if (isCollectionMissing(error)) return null
      throw error
    }
  }

  async resolve(alias: string): Promise<string | null> {
    const found = (await this.#aliases()).find(entry => entry.alias_name === alias)
    return found?.collection_name ?? null
  }

  async list(prefix: string, signal?: AbortSignal): Promise<string[]> {
    const answer = await this.#transport.request<Schemas['CollectionsResponse']>('GET', '/collections', undefined, { signal }) // prettier-ignore
    return answer.collections.map(({ name }) => name).filter(name => name.startsWith(prefix)).sort() // prettier-ignore
  }

  /** @throws Error when a collection of that name is there that has another owner or fingerprint, or the server is too old */
  async create(name: string, spec: CollectionSpec): Promise<void> {
    await this.#requireVersion()
    try {
      await this.#transport.request('PUT', path(name), createBody(spec))
    } catch (error) {
      // It can have been made all the same: by an attempt whose answer was lost, or by another replica just now.
      if (!isAsWanted(await this.describe(name), spec)) throw error
    }
    for (const index of payloadIndexes) await this.createIndex(name, index, spec.tenancy)
  }

  async createIndex(name: string, index: PayloadIndex, tenancy: 'shared' | 'dedicated'): Promise<void> {
    await this.#on(name, 'PUT', '/index?wait=true', indexBody(index, tenancy))
  }

  async replaceIndex(name: string, index: PayloadIndex, tenancy: 'shared' | 'dedicated'): Promise<void> {
    await onCollection(name, () => this.#transport.request('DELETE', `${path(name)}/index/${index}?wait=true`))
    await this.createIndex(name, index, tenancy)
  }

  async tune(name: string, tuning: CollectionTuning, part: TuningPart): Promise<void> {
    const info = await onCollection(name, () => this.#transport.request<Schemas['CollectionInfo']>('GET', path(name)))
    await this.#on(name, 'PATCH', '', tuneBody(info, tuning, part))
  }

  async setOwner(name: string, owner: Owner): Promise<void> {
    await this.#requireVersion()
    await this.#on(name, 'PATCH', '', { metadata: ownerMetadata(owner) })
  }

  async setAlias(alias: string, name: string): Promise<void> {
    // One list: nobody sees the moment between. Deleting an alias that is not there is no error.
    const actions = [
      { delete_alias: { alias_name: alias } },
      { create_alias: { alias_name: alias, collection_name: name } },
    ]
    await onCollection(name, () => this.#transport.request('POST', '/collections/aliases', { actions }))
  }

  async deleteAlias(alias: string): Promise<void> {
    const actions = [{ delete_alias: { alias_name: alias } }]
    await this.#transport.request('POST', '/collections/aliases', { actions })
  }

  async delete(name: string): Promise<void> {
    const aliases = (await this.#aliases()).filter(entry => entry.collection_name === name)
    for (const { alias_name: alias } of aliases) await this.deleteAlias(alias)
    try {
      await this.#transport.request('DELETE', path(name))
    } catch (error) {
      if (!isQdrantStatus(error, 404)) throw error
    }
  }

  async #aliases(): Promise<Schemas['AliasDescription'][]> {
    return (await this.#transport.request<Schemas['CollectionsAliasesResponse']>('GET', '/aliases')).aliases
  }

  async #on(name: string, method: 'PUT' | 'PATCH', rest: string, body: unknown): Promise<void> {
    await onCollection(name, () => this.#transport.request(method, path(name) + rest, body))
  }

  /** An older server would drop the marker without a word, and the collection would then be nobody's. */
  async #requireVersion(): Promise<void> {
    const version = await this.version()
    const [major = NaN, minor = NaN] = version.split('.').map(Number)
    if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
      throw new Error(
        `Qdrant at ${this.#transport.address} is version ${version}, which cannot keep who owns a collection; ` +
          `upgrade it to ${OLDEST.join('.')} or newer, or use pgvector`,
      )
  }
}

function isAsWanted(state: CollectionState | null, spec: CollectionSpec): boolean {
  return state?.owner != null && sameOwner(state.owner, spec.owner) && state.fingerprint === spec.fingerprint
}

function path(name: string): string {
  return `/collections/${encodeURIComponent(name)}`
}
