import { type KubernetesObject, objectKey, type ObjectRef } from './kubernetes-object.ts'

/** More own writes of one object than this are never on their way to the watch at once. */
const KEPT = 4

/**
 * The newest versions of each object that this process has written, until a watch has shown the last of them. With it a
 * cache can be read instead of the API server and still never be older than what was written here, and a change that is
 * only our own write coming back is told from somebody else's.
 */
export class OwnWrites {
  readonly #kinds: ReadonlySet<string>
  readonly #versions = new Map<string, string[]>()
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
        ({ metadata }) => this.#note(id, metadata?.resourceVersion),
        () => undefined,
      )
      .then(() => {
        if (--state.writes > 0) return
        this.#underWay.delete(id)
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

  /** The object is gone, or the cache has the newest version all the same. */
  settle({ kind, metadata }: KubernetesObject): void {
    this.#versions.delete(idOf(kind, metadata))
  }

  /** Objects that something is remembered of. */
  get size(): number {
    return this.#versions.size
  }

  #note(id: string, version: string | undefined): void {
    if (version === undefined) return
    const versions = this.#versions.get(id) ?? []
    // A write that changes nothing gives the version that there was.
    if (versions.at(-1) !== version) this.#versions.set(id, [...versions, version].slice(-KEPT))
  }
}

function idOf(kind: string, ref: ObjectRef): string {
  return `${kind}/${objectKey(ref)}`
}
