import { backoff, type BackoffSettings } from './backoff.ts'
import { type KubernetesClient, type ObjectList, type WatchEvent } from './kubernetes-client.ts'
import { type Absence, absenceOf, isExpired, KubernetesError } from './kubernetes-error.ts'
import { type KubernetesObject, type ResourceType } from './kubernetes-object.ts'
import { pause, type Timers } from './timers.ts'

/** Where a reflector puts what it sees. */
export interface ReflectorSink<T> {
  /** Everything there is: what is not in the list is gone. */
  replace(items: readonly T[]): void
  set(object: T): void
  remove(object: T): void
  /** The server does not serve this (optional) kind, so that there is nothing. */
  absent(reason: Absence): void
  /** The server has answered, be it with a refusal. */
  contact(): void
}

export interface ReflectorOptions<T> {
  readonly client: KubernetesClient
  readonly type: ResourceType
  readonly namespace?: string | undefined
  readonly labelSelector?: string | undefined
  readonly metadataOnly?: boolean
  readonly sink: ReflectorSink<T>
  readonly timers: Timers
  readonly random: () => number
  readonly log: { debug(fields: object, message: string): void; warn(fields: object, message: string): void }
  readonly backoff?: BackoffSettings
  /** Told when following failed: the server has forgotten the version, or it or the connection is away. */
  readonly restarted?: ((reason: 'expired' | 'error') => void) | undefined
  /**
   * How long a watch may be silent before it counts as dead. The server sends a bookmark about every minute, so a longer
   * silence is a connection that broke without telling.
   */
  readonly silenceMs?: number
  /** How often it is looked whether an optional kind is served (again). */
  readonly absentRetryMs?: number
}

const BACKOFF: BackoffSettings = { baseMs: 200, maxMs: 30_000 }
const SILENCE_MS = 90_000
const ABSENT_RETRY_MS = 30_000
/** A server that was restored from a backup refuses our (newer) version with one error after the other: list again. */
const LIST_AFTER_FAILURES = 3
const SHORT_WATCH_MS = 1000

/**
 * Mirrors the objects of one kind until `signal` aborts. Lists once, then follows by watching from version to version.
 * Whatever happens to the watch (its end, a broken or silent connection, a server that restarts, an error event) it goes on
 * from the last version it has seen, and lists again when the server has forgotten that version (410).
 *
 * The client library's ListWatch is not used: it stops for good at the first error, and swallows exceptions of handlers.
 */
export async function reflect<T extends KubernetesObject>(
  options: ReflectorOptions<T>,
  signal: AbortSignal,
): Promise<void> {
  const position: Position = { version: null, failures: 0 }
  while (!signal.aborted) {
    try {
      position.version ??= await listInto(options)
      await follow(options, position, signal)
    } catch (error) {
      if (signal.aborted) return
      const absence = options.type.optional ? absenceOf(error) : null
      if (absence) await goWithout(options, position, absence, signal)
      else await recover(options, position, error, signal)
    }
  }
}

/** How far the reflector has come. */
interface Position {
  /** Resource version of the last list or event; null: list (again). */
  version: string | null
  /** Failures since the last event. */
  failures: number
}

async function listInto<T extends KubernetesObject>(options: ReflectorOptions<T>): Promise<string> {
  const list: ObjectList<T> = await options.client.list<T>(options.type, options)
  options.sink.replace(list.items)
  options.sink.contact()
  return list.resourceVersion
}

/** Watches once, to the watch's end. */
async function follow<T extends KubernetesObject>(
  options: ReflectorOptions<T>,
  position: Position,
  signal: AbortSignal,
): Promise<void> {
  const start = options.timers.now()
  const events = options.client.watch(options.type, {
    namespace: options.namespace,
    labelSelector: options.labelSelector,
    metadataOnly: options.metadataOnly ?? false,
    resourceVersion: position.version ?? '',
    silenceMs: options.silenceMs ?? SILENCE_MS,
    signal,
  })
  for await (const event of events) {
    position.version = take(options.sink, event)
    position.failures = 0
  }
  // A server that ends every watch at once must not be asked in a loop.
  if (options.timers.now() - start < SHORT_WATCH_MS) await pause(options.timers, SHORT_WATCH_MS, signal)
}

/** @returns the version to go on from */
function take<T extends KubernetesObject>(sink: ReflectorSink<T>, event: WatchEvent): string {
  if (event.type === 'ERROR') {
    const { code = 0, reason = 'Unknown', message = '' } = event.object
    throw new KubernetesError('watch', code, reason, message)
  }
  sink.contact()
  if (event.type === 'DELETED') sink.remove(event.object as T)
  else if (event.type !== 'BOOKMARK') sink.set(event.object as T)
  return event.object.metadata.resourceVersion ?? ''
}

/** A kind that nobody has installed is no failure; it is listed as soon as somebody has. */
async function goWithout<T>(
  options: ReflectorOptions<T>,
  position: Position,
  reason: Absence,
  signal: AbortSignal,
): Promise<void> {
  position.version = null
  position.failures = 0
  options.sink.absent(reason)
  options.sink.contact()
  await pause(options.timers, options.absentRetryMs ?? ABSENT_RETRY_MS, signal)
}

async function recover<T extends KubernetesObject>(
  options: ReflectorOptions<T>,
  position: Position,
  error: unknown,
  signal: AbortSignal,
): Promise<void> {
  const { kind } = options.type
  const failures = ++position.failures
  options.restarted?.(isExpired(error) ? 'expired' : 'error')
  // A refusal is a sign of life: a kind that is not served (any more) is nothing that a restart would mend.
  if (error instanceof KubernetesError) options.sink.contact()
  if (isExpired(error)) {
    options.log.debug({ kind }, 'the watched version is too old: listing again')
    position.version = null
    // The first time costs no wait, or every compaction would be a gap.
    if (failures === 1) return
  }
  if (error instanceof KubernetesError && failures % LIST_AFTER_FAILURES === 0) position.version = null
  const delay = backoff(options.backoff ?? BACKOFF, failures, options.random())
  if (!isExpired(error)) {
    options.log.warn({ kind, err: error, failures, retry_ms: Math.round(delay) }, 'cannot follow the API server')
  }
  await pause(options.timers, delay, signal)
}
