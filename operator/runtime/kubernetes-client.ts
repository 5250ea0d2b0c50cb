import { type IncomingMessage } from 'node:http'
import { errorFromBody, isNotFound, type KubernetesError } from './kubernetes-error.ts'
import { type KubernetesObject, type ObjectRef, type ResourceType, withoutManagedFields } from './kubernetes-object.ts'
import { readBody, type Transport, type TransportRequest } from './kubernetes-transport.ts'

export interface ListOptions {
  readonly namespace?: string | undefined
  readonly labelSelector?: string | undefined
  /** Leaves out everything but metadata: for Secrets that are only watched, so that no value stays in memory. */
  readonly metadataOnly?: boolean
}

export interface WatchOptions extends ListOptions {
  readonly resourceVersion: string
  /** After so long without any event or bookmark the connection counts as dead. */
  readonly silenceMs: number
  readonly signal: AbortSignal
}

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: KubernetesObject }
  | { readonly type: 'ERROR'; readonly object: { code?: number; reason?: string; message?: string } }

export interface ObjectList<T> {
  readonly resourceVersion: string
  readonly items: readonly T[]
}

export interface KubernetesClientOptions {
  readonly signal?: AbortSignal
  readonly beforeWrite?: () => void
  readonly onWrite?: (kind: string, ref: ObjectRef, answer: Promise<KubernetesObject>) => void
}

const METADATA_ONLY = 'g=meta.k8s.io;v=v1'
const REQUEST_SILENCE_MS = 30_000
const PAGE = 200

/**
 * The requests an operator needs, on plain JSON objects. Every refusal is a {@link KubernetesError}; a connection that
 * fails gives Node's own error.
 */
export class KubernetesClient {
  readonly #transport: Transport
  readonly #signal: AbortSignal | undefined
  readonly #beforeWrite: () => void
  readonly #onWrite: NonNullable<KubernetesClientOptions['onWrite']>

  /**
   * @param options.signal aborts requests in flight and refuses new ones
   * @param options.beforeWrite throws when writing is not allowed (any more): a deposed leader
   * @param options.onWrite told of each write when it begins, with the answer that is to come
   */
  constructor(transport: Transport, options: KubernetesClientOptions = {}) {
    this.#transport = transport
    this.#signal = options.signal
    this.#beforeWrite = options.beforeWrite ?? (() => undefined)
    this.#onWrite = options.onWrite ?? (() => undefined)
  }

  /** Null when it is not there. */
  async get<T extends KubernetesObject>(type: ResourceType, ref: ObjectRef): Promise<T | null> {
    try {
      return await this.#json<T>({ method: 'GET', path: objectPath(type, ref) })
    } catch (error) {
      if (isNotFound(error)) return null
      throw error
    }
  }

  /** All of them, page by page, as of one resource version. */
  async list<T extends KubernetesObject>(type: ResourceType, options: ListOptions = {}): Promise<ObjectList<T>> {
    const items: T[] = []
    let token = ''
    for (;;) {
      const query = queryOf({ labelSelector: options.labelSelector, limit: String(PAGE), continue: token })
      const page = await this.#json<{ metadata: { resourceVersion: string; continue?: string }; items: T[] | null }>({
        method: 'GET',
        path: collectionPath(type, options.namespace) + query,
        accept: accepted(options, 'PartialObjectMetadataList'),
      })
      // Items of a list come without the two fields that tell what they are, and only a read of one asks who set what: of
      // thousands it would be most of the memory.
      for (const item of page.items ?? [])
        items.push({ ...withoutManagedFields(item), apiVersion: type.apiVersion, kind: type.kind })
      token = page.metadata.continue ?? ''
      if (!token) return { resourceVersion: page.metadata.resourceVersion, items }
    }
  }

  /** Events until the server ends the watch, the signal aborts (both: the iteration just ends) or the connection fails. */
  async *watch(type: ResourceType, options: WatchOptions): AsyncGenerator<WatchEvent> {
    const query = queryOf({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: options.resourceVersion,
      labelSelector: options.labelSelector,
    })
    const request: TransportRequest = {
      method: 'GET',
      path: collectionPath(type, options.namespace) + query,
      accept: accepted(options, 'PartialObjectMetadata'),
      silenceMs: options.silenceMs,
      signal: options.signal,
    }
    const response = await this.#transport(request)
    if (response.statusCode !== 200) throw await refusal(request, response.statusCode ?? 0, readBody(response))
    try {
      for await (const line of linesOf(response)) yield eventOf(type, line)
    } catch (error) {
      if (!options.signal.aborted) throw error
    } finally {
      response.destroy()
    }
  }

  async create<T extends KubernetesObject>(type: ResourceType, object: T): Promise<T> {
    const path = collectionPath(type, object.metadata.namespace)
    return this.#write<T>(type, object.metadata, {
      method: 'POST',
      path,
      contentType: 'application/json',
      body: JSON.stringify(object),
    })
  }

  /** Replaces the object. @throws a conflict when `metadata.resourceVersion` is not the newest */
  async replace<T extends KubernetesObject>(type: ResourceType, object: T): Promise<T> {
    const path = objectPath(type, object.metadata)
    return this.#write<T>(type, object.metadata, {
      method: 'PUT',
      path,
      contentType: 'application/json',
      body: JSON.stringify(object),
    })
  }

  /** Server-side apply: takes the fields of `object` and gives up those that it had applied before and now leaves out. */
  async apply<T extends KubernetesObject>(type: ResourceType, object: T, fieldManager: string): Promise<T> {
    return this.#write<T>(type, object.metadata, {
      method: 'PATCH',
      path: objectPath(type, object.metadata) + queryOf({ fieldManager, force: 'true' }),
      contentType: 'application/apply-patch+yaml',
      body: JSON.stringify(object),
    })
  }

  /** JSON merge patch: null removes a field, a list replaces the whole list. */
  async mergePatch<T extends KubernetesObject>(
    type: ResourceType,
    ref: ObjectRef,
    patch: object,
    options: { subresource?: 'status'; fieldManager?: string } = {},
  ): Promise<T> {
    const subresource = options.subresource ? `/${options.subresource}` : ''
    return this.#write<T>(type, ref, {
      method: 'PATCH',
      path: objectPath(type, ref) + subresource + queryOf({ fieldManager: options.fieldManager }),
      contentType: 'application/merge-patch+json',
      body: JSON.stringify(patch),
    })
  }

  /** No error when it is not there. With a `uid`, a newer object of the same name is left alone (409). */
  async delete(type: ResourceType, ref: ObjectRef & { readonly uid?: string }): Promise<void> {
    const body = JSON.stringify({
      propagationPolicy: 'Background',
      ...(ref.uid ? { preconditions: { uid: ref.uid } } : {}),
    })
    try {
      this.#beforeWrite()
      await this.#json({ method: 'DELETE', path: objectPath(type, ref), contentType: 'application/json', body })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  #write<T extends KubernetesObject>(
    { kind }: ResourceType,
    ref: ObjectRef,
    request: Omit<TransportRequest, 'silenceMs'>,
  ): Promise<T> {
    this.#beforeWrite()
    const answer = this.#json<T>(request)
    this.#onWrite(kind, ref, answer)
    return answer
  }

  async #json<T>(request: Omit<TransportRequest, 'silenceMs'>): Promise<T> {
    const response = await this.#transport({ ...request, silenceMs: REQUEST_SILENCE_MS, signal: this.#signal })
    const status = response.statusCode ?? 0
    if (status < 200 || status > 299) throw await refusal(request, status, readBody(response))
    return JSON.parse(await readBody(response)) as T
  }
}

async function refusal(
  request: Pick<TransportRequest, 'method' | 'path'>,
  status: number,
  body: Promise<string>,
): Promise<KubernetesError> {
  return errorFromBody(`${request.method} ${request.path.split('?')[0]}`, status, await body)
}

/** Not readline: that one swallows errors of its input, and a broken connection would look like silence. */
async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  response.setEncoding('utf8')
  let rest = ''
  for await (const text of response) {
    const lines = (rest + String(text)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line !== '') yield line
  }
}

function eventOf(type: ResourceType, line: string): WatchEvent {
  const event = JSON.parse(line) as WatchEvent
  if (event.type === 'ERROR') return event
  return { type: event.type, object: { ...event.object, apiVersion: type.apiVersion, kind: type.kind } }
}

function accepted(options: ListOptions, as: string): string {
  return options.metadataOnly ? `application/json;as=${as};${METADATA_ONLY}` : 'application/json'
}

function collectionPath(type: ResourceType, namespace: string | undefined): string {
  const root = type.apiVersion.includes('/') ? '/apis/' : '/api/'
  const inNamespace = type.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : ''
  return `${root}${type.apiVersion}${inNamespace}/${type.plural}`
}

function objectPath(type: ResourceType, ref: ObjectRef): string {
  return `${collectionPath(type, ref.namespace)}/${encodeURIComponent(ref.name)}`
}

function queryOf(parameters: Readonly<Record<string, string | undefined>>): string {
  const present = Object.entries(parameters).filter((entry): entry is [string, string] => Boolean(entry[1]))
  return present.length === 0 ? '' : `?${new URLSearchParams(present).toString()}`
}
