import { type BackoffSettings } from './backoff.ts'
import { type KubernetesClient } from './kubernetes-client.ts'
import { type Absence } from './kubernetes-error.ts'
import {
  type KubernetesObject,
  objectKey,
  type ObjectRef,
  type ResourceType,
  withoutManagedFields,
} from './kubernetes-object.ts'
import { reflect, type ReflectorOptions, type ReflectorSink } from './reflector.ts'
import { type Timers } from './timers.ts'

export interface InformerOptions {
  readonly client: KubernetesClient
  readonly type: ResourceType
  /** Empty: all. */
  readonly namespaces: readonly string[]
  readonly labelSelector?: string
  readonly metadataOnly?: boolean
  readonly timers: Timers
  readonly random: () => number
  readonly log: ReflectorOptions<never>['log']
  readonly backoff?: BackoffSettings
  readonly silenceMs?: number
  readonly absentRetryMs?: number
  readonly restarted?: ReflectorOptions<never>['restarted']
}

/** `before` is null for an object that is new in the cache, `after` for one that is gone. */
export type ChangeHandler<T> = (after: T | null, before: T | null) => void

/**
 * A cache of all objects of a kind that follows the API server, and tells its handlers what changes. What it holds may be
 * old (moments usually, longer while the API server is away), never torn.
 */
export class Informer<T extends KubernetesObject> {
  readonly #options: InformerOptions
  readonly #objects = new Map<string, T>()
  readonly #handlers: ChangeHandler<T>[] = []
  readonly #pending: Set<string>
  readonly #absent = new Map<string, Absence>()
  readonly #availabilityHandlers: (() => void)[] = []
  readonly #synced = Promise.withResolvers<void>()
  #contact: number | null = null

  constructor(options: InformerOptions) {
    this.#options = options
    this.#pending = new Set(options.namespaces.length === 0 ? [''] : options.namespaces)
  }

  get type(): ResourceType {
    return this.#options.type
  }

  get kind(): string {
    return this.#options.type.kind
  }

  /** Resolves when everything has been listed once. */
  get synced(): Promise<void> {
    return this.#synced.promise
  }

  get hasSynced(): boolean {
    return this.#pending.size === 0
  }

  /** Milliseconds since the API server was last heard of; null before the first time. */
  get silentFor(): number | null {
    return this.#contact === null ? null : this.#options.timers.now() - this.#contact
  }

  /** To be called before {@link run}. Handlers must not throw and must not wait: they enqueue. */
  onChange(handler: ChangeHandler<T>): void {
    this.#handlers.push(handler)
  }

  /** Called when an optional kind begins or ceases to be served. As {@link onChange}. */
  onAvailability(handler: () => void): void {
    this.#availabilityHandlers.push(handler)
  }

  /** Why an optional kind cannot be used in a namespace; null when it can. */
  absence(namespace: string): Absence | null {
    return this.#absent.get(namespace) ?? this.#absent.get('') ?? null
  }

  get(ref: ObjectRef): T | undefined {
    return this.#objects.get(objectKey(ref))
  }

  get size(): number {
    return this.#objects.size
  }

  list(): T[] {
    return [...this.#objects.values()]
  }

  /** Follows the API server until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { type, namespaces } = this.#options
    const scopes = type.namespaced && namespaces.length > 0 ? namespaces : [undefined]
    await Promise.all(
      scopes.map(namespace => reflect<T>({ ...this.#options, namespace, sink: this.#sink(namespace) }, signal)),
    )
  }

  #sink(namespace: string | undefined): ReflectorSink<T> {
    return {
      set: object => this.#set(withoutManagedFields(object)),
      remove: object => this.#remove(objectKey(object.metadata)),
      replace: items => {
        this.#replace(namespace, items)
        this.#setAbsence(namespace, null)
      },
      absent: reason => {
        this.#replace(namespace, [])
        this.#setAbsence(namespace, reason)
      },
      contact: () => (this.#contact = this.#options.timers.now()),
    }
  }

  #replace(namespace: string | undefined, items: readonly T[]): void {
    const present = new Set(items.map(item => objectKey(item.metadata)))
    for (const [key, object] of this.#objects) {
      const ours = namespace === undefined || object.metadata.namespace === namespace
      if (ours && !present.has(key)) this.#remove(key)
    }
    for (const item of items) this.#set(withoutManagedFields(item))
    this.#listed(namespace)
  }

  #listed(namespace: string | undefined): void {
    if (namespace === undefined) this.#pending.clear()
    else this.#pending.delete(namespace)
    if (this.hasSynced) this.#synced.resolve()
  }

  #setAbsence(namespace: string | undefined, reason: Absence | null): void {
    const scope = namespace ?? ''
    if ((this.#absent.get(scope) ?? null) === reason) return
    if (reason) this.#absent.set(scope, reason)
    else this.#absent.delete(scope)
    for (const handler of this.#availabilityHandlers) handler()
  }

  #set(object: T): void {
    const key = objectKey(object.metadata)
    const before = this.#objects.get(key) ?? null
    if (before?.metadata.resourceVersion === object.metadata.resourceVersion) return
    this.#objects.set(key, object)
    this.#tell(object, before)
  }

  #remove(key: string): void {
    const before = this.#objects.get(key)
    if (!before) return
    this.#objects.delete(key)
    this.#tell(null, before)
  }

  #tell(after: T | null, before: T | null): void {
    for (const handler of this.#handlers) handler(after, before)
  }
}
