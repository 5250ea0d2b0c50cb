import { openAsBlob } from 'node:fs'
import { Readable } from 'node:stream'
import { VectorStoreUnavailable } from '../vector-store.ts'
import type { QdrantConnection } from './transport.ts'

/** A collection of millions of points takes its time; nobody waits for a page. */
const TIMEOUT_MS = 6 * 3_600_000

/**
 * Qdrant's own snapshots of whole collections: points, vectors, payload indexes, configuration and metadata; no aliases.
 * Over `fetch`, unlike everything else (ADR 2): a file streams, and 40 ms do not matter.
 */
export class QdrantSnapshots {
  readonly #base: string
  readonly #headers: Record<string, string>

  constructor({ url, apiKey }: QdrantConnection) {
    this.#base = url.replace(/\/+$/, '')
    this.#headers = apiKey === undefined ? {} : { 'api-key': apiKey }
  }

  /** Takes a snapshot, hands its bytes to `work`, and removes it from the server again. */
  async take<T>(collection: string, work: (bytes: Readable) => Promise<T>): Promise<T> {
    const made = await this.#request(collection, '/snapshots?wait=true', { method: 'POST' })
    const { result } = (await made.json()) as { result: { name: string } }
    const file = `/snapshots/${encodeURIComponent(result.name)}`
    try {
      const { body } = await this.#request(collection, file, { method: 'GET' })
      if (!body) throw new VectorStoreUnavailable(`Qdrant gave an empty snapshot of ${collection}`)
      return await work(Readable.fromWeb(body))
    } finally {
      await this.#request(collection, file, { method: 'DELETE' }).catch(() => undefined)
    }
  }

  /** Makes the collection what it was, in place of one of that name. */
  async put(collection: string, file: string): Promise<void> {
    const form = new FormData()
    form.append('snapshot', await openAsBlob(file), 'snapshot')
    await this.#request(collection, '/snapshots/upload?wait=true&priority=snapshot', { method: 'POST', body: form })
  }

  async #request(collection: string, path: string, init: RequestInit): Promise<Response> {
    const url = `${this.#base}/collections/${encodeURIComponent(collection)}${path}`
    const what = `a snapshot of collection ${collection}`
    let response: Response
    try {
      response = await fetch(url, { ...init, headers: this.#headers, signal: AbortSignal.timeout(TIMEOUT_MS) })
    } catch (cause) {
      throw new VectorStoreUnavailable(`Qdrant at ${new URL(this.#base).host} cannot be reached for ${what}`, { cause })
    }
    if (response.ok) return response
    const text = (await response.text()).slice(0, 300)
    throw new VectorStoreUnavailable(`Qdrant refused ${what} (${response.status}): ${text}`)
  }
}
