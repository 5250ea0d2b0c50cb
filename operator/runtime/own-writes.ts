import { isRefusal } from './kubernetes-error.ts'
import { type KubernetesObject, objectKey, type ObjectRef } from './kubernetes-object.ts'

/** More own writes of one object than this are never on their way to the watch at once. */
const KEPT = 4
/** There may be a newer version, of which nobody has said which: no cache has it until a read has told. */
const UNKNOWN = null
type Version = string | typeof UNKNOWN

/**
 * The newest versions of each object that this process has written or acted on, until a watch has shown the last of them. With it a
 * cache can be read instead of the API server and still never be older than that, and a change that is
 * only our own write coming back is told from somebody else's.
 */
export class OwnWrites {
  readonly #kinds: ReadonlySet<string>
  readonly #versions = new Map<string, Version[]>()
  /** Writes whose answers have not come yet, and who waits for these to learn whose a change was. */
  readonly #underWay = new Map<string, { writes: number; readonly waiting: (() => void)[] }>()

  /** @param kinds whose changes are asked about */
  constructor(kinds: readonly string[]) {
    this.#kinds = new Set(kinds)
  }

  /** To be told of every write when it begins. */
  begin(kind: string, ref: ObjectRef, answer: Promise<KubernetesObject>): void {
    if (!this.#kinds.has(kind)) return
    const id = idOf(kind, ref)
    const state = this.#underWay.get(id) ?? { writes: 0, waiting: [] }
    state.writes++
    this.#underWay.set(id, state)
    void answer
      .then(
        object => versionOf(object),
        // A write whose answer is lost may have been carried out.
        error => (isRefusal(error) ? undefined : UNKNOWN),
      )
      .then(version => {
        const isAwaited = this.#underWay.get(id) === state
        if (isAwaited) this.#note(id, version)
        if (--state.writes > 0) return
        if (isAwaited) this.#underWay.delete(id)
        for (const tell of state.waiting) tell()
      })
  }

  /** Calls `tell` unless the change that a watch shows is what was written here, neither more nor less. */
  unlessOwn(now: KubernetesObject, tell: () => void): void {
    const id = idOf(now.kind, now.metadata)
    const underWay = this.#underWay.get(id)
    // The watch may be faster than the answer to the write.
    if (underWay) return void underWay.waiting.push(() => this.unlessOwn(now, tell))
    const versions = this.#versions.get(id) ?? []
    const version = now.metadata.resourceVersion ?? ''
    if (!versions.includes(version)) return tell()
    if (versions.at(-1) === version) this.#versions.delete(id)
  }

  /** Whether a cache that has this lags behind what was written here. */
  isBehind({ kind, metadata }: KubernetesObject): boolean {
    const awaited = this.#versions.get(idOf(kind, metadata))?.at(-1)
    return awaited !== undefined && awaited !== metadata.resourceVersion
  }

  /**
   * To be told what the API server has (null: nothing) and what the cache had after that answer. Whoever has acted on the
   * one must not read something older in the other later.
   */
  found(kind: string, ref: ObjectRef, live: KubernetesObject | null, cached: KubernetesObject | undefined): void {
    const version = live?.metadata.resourceVersion
    if (version === cached?.metadata.resourceVersion) this.settle(kind, ref)
    else this.#note(idOf(kind, ref), version ?? UNKNOWN)
  }

  /** The object is gone, or the cache has the newest version: nothing is awaited, answers that are to come included. */
  settle(kind: string, ref: ObjectRef): void {
    const id = idOf(kind, ref)
    this.#versions.delete(id)
    this.#underWay.delete(id)
  }

  /** Objects that something is remembered of. */
  get size(): number {
    return this.#versions.size
  }

  #note(id: string, version: Version | undefined): void {
    if (version === undefined) return
    const versions = this.#versions.get(id) ?? []
    // A write that changes nothing gives the version that there was.
    if (versions.at(-1) !== version) this.#versions.set(id, [...versions, version].slice(-KEPT))
  }
}

/** Of a write that lets a deleted object go the API server gives the version before: there is none after it. */
function versionOf({ metadata }: KubernetesObject): Version | undefined {
  const isGone = metadata?.deletionTimestamp && (metadata.finalizers ?? []).length === 0
  return isGone ? UNKNOWN : metadata?.resourceVersion
}

function idOf(kind: string, ref: ObjectRef): string {
  return `${kind}/${objectKey(ref)}`
}
