import { createHash } from 'node:crypto'
import { cut } from './cut.ts'
import { type KubernetesClient } from './kubernetes-client.ts'
import { isNotFound } from './kubernetes-error.ts'
import { type KubernetesObject, type ResourceType } from './kubernetes-object.ts'

const eventType: ResourceType = { apiVersion: 'events.k8s.io/v1', kind: 'Event', plural: 'events', namespaced: true }

export interface EventNote {
  readonly type: 'Normal' | 'Warning'
  /** Stable CamelCase word. */
  readonly reason: string
  /** What was done: `Reconcile`, `Delete`. */
  readonly action: string
  /** At most 1024 characters are kept. No secrets. */
  readonly note: string
}

export interface EventRecorderOptions {
  readonly client: KubernetesClient
  /** `selfrag.io/operator` */
  readonly controller: string
  /** The pod's name. */
  readonly instance: string
  readonly now: () => Date
  readonly log: { debug(fields: object, message: string): void }
}

interface Series {
  readonly name: string
  readonly namespace: string
  count: number
  lastSeen: number
  /** When the API server was told last, and of how many. */
  lastTold: number
  toldCount: number
}

/** The same thing again within this time belongs to the same Event, as in client-go. */
const SERIES_MS = 6 * 60_000
/** A series is brought up to date at most so often: an object that fails every second makes one request a minute. */
const UPDATE_MS = 60_000
/** Different Events of one object: a burst, then one per interval. */
const BURST = 25
const REFILL_MS = 5 * 60_000
const MAX_NOTE = 1024
const MAX_SERIES = 4096

/**
 * Writes Events that people see in `kubectl describe`. What repeats becomes one Event with a count. Recording never
 * fails and never waits for the API server; {@link drain} does.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions
  readonly #series = new Map<string, Series>()
  readonly #budgets = new Map<string, { left: number; at: number }>()
  readonly #sending = new Set<Promise<void>>()

  constructor(options: EventRecorderOptions) {
    this.#options = options
  }

  record(object: KubernetesObject, note: EventNote): void {
    const now = this.#options.now().getTime()
    const id = identityOf(object, note)
    const series = this.#series.get(id)
    if (series && now - series.lastSeen < SERIES_MS) return this.#repeat(object, note, series, now)
    if (!this.#spend(objectId(object), now)) return
    this.#forgetOld(now)
    const name = `${object.metadata.name.slice(0, 200)}.${digest(`${id}/${now}`)}`
    const namespace = object.metadata.namespace ?? 'default'
    this.#series.set(id, { name, namespace, count: 1, lastSeen: now, lastTold: now, toldCount: 1 })
    this.#send(() => this.#options.client.create(eventType, this.#eventOf(object, note, { name, namespace })))
  }

  /** What it keeps in mind, so that repetitions are known as such. */
  get remembered(): number {
    return this.#series.size + this.#budgets.size
  }

  /** Resolves when everything that was recorded has been sent (or has failed). */
  async drain(): Promise<void> {
    while (this.#sending.size > 0) await Promise.all(this.#sending)
  }

  #repeat(object: KubernetesObject, note: EventNote, series: Series, now: number): void {
    series.count++
    series.lastSeen = now
    // The second occurrence is told at once (it makes the Event a series), later ones now and then.
    if (series.toldCount > 1 && now - series.lastTold < UPDATE_MS) return
    series.lastTold = now
    series.toldCount = series.count
    const patch = { series: { count: series.count, lastObservedTime: microTime(new Date(now)) } }
    this.#send(async () => {
      try {
        await this.#options.client.mergePatch(eventType, series, patch)
      } catch (error) {
        // Events live for an hour: this one has been cleaned up.
        if (!isNotFound(error)) throw error
        await this.#options.client.create(eventType, { ...this.#eventOf(object, note, series), ...patch })
      }
    })
  }

  #spend(id: string, now: number): boolean {
    const budget = this.#budgets.get(id) ?? { left: BURST, at: now }
    const left = Math.min(BURST, budget.left + (now - budget.at) / REFILL_MS)
    this.#budgets.set(id, { left: left >= 1 ? left - 1 : left, at: now })
    return left >= 1
  }

  #forgetOld(now: number): void {
    if (this.#series.size < MAX_SERIES) return
    for (const [id, series] of this.#series) if (now - series.lastSeen >= SERIES_MS) this.#series.delete(id)
    for (const [id, budget] of this.#budgets) if (now - budget.at >= BURST * REFILL_MS) this.#budgets.delete(id)
    // All of it new: a repetition of what is forgotten here becomes an Event of its own.
    halve(this.#series)
    halve(this.#budgets)
  }

  #send(request: () => Promise<unknown>): void {
    const sent = request().then(
      () => undefined,
      (error: unknown) => this.#options.log.debug({ err: error }, 'an Event could not be written'),
    )
    this.#sending.add(sent)
    void sent.finally(() => this.#sending.delete(sent))
  }

  #eventOf(object: KubernetesObject, note: EventNote, meta: { name: string; namespace: string }): KubernetesObject {
    const { name, namespace, uid, resourceVersion } = object.metadata
    const event = {
      apiVersion: eventType.apiVersion,
      kind: eventType.kind,
      metadata: { name: meta.name, namespace: meta.namespace },
      eventTime: microTime(this.#options.now()),
      reportingController: this.#options.controller,
      reportingInstance: this.#options.instance.slice(0, 128),
      type: note.type,
      reason: note.reason.slice(0, 128),
      action: note.action.slice(0, 128),
      note: cut(note.note, MAX_NOTE),
      regarding: { apiVersion: object.apiVersion, kind: object.kind, name, namespace, uid, resourceVersion },
    }
    return event
  }
}

function objectId(object: KubernetesObject): string {
  return object.metadata.uid ?? `${object.kind}/${object.metadata.namespace}/${object.metadata.name}`
}

function identityOf(object: KubernetesObject, note: EventNote): string {
  return digest(JSON.stringify([objectId(object), note.type, note.reason, note.action, note.note]))
}

/** Forgets the older half of a map that is full. */
function halve(map: Map<string, unknown>): void {
  if (map.size < MAX_SERIES) return
  for (const id of [...map.keys()].slice(0, MAX_SERIES / 2)) map.delete(id)
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

/** metav1.MicroTime. */
function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z')
}
