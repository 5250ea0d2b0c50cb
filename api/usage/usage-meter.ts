import type { Logger } from 'pino'
import type { UsageCount, UsageMetric } from '../stores/postgres/usage.ts'

export interface UsageMeterParts {
  /** Adds counts to what is stored, all or nothing. */
  readonly write: (counts: readonly UsageCount[]) => Promise<void>
  readonly now: () => Date
  readonly log: Logger
  /** How long counts are collected before they are written. */
  readonly everyMs?: number
  /** How many different counts are kept while they cannot be written. */
  readonly limit?: number
}

/** A tenant with ten models has some thirty counts a day: this is a day of some thousand busy tenants. */
const LIMIT = 50_000
const EVERY_MS = 5_000

interface Model {
  readonly provider: string
  readonly model: string
}

/**
 * Counts what tenants use and writes it every few seconds, so that no request waits for it. Counts that could not be written
 * are kept and written later; one whose commit was not confirmed may so be counted twice. A process that is killed loses
 * what it counted in the last seconds; one that is stopped loses nothing.
 */
export class UsageMeter {
  readonly #parts: UsageMeterParts
  #counts = new Map<string, UsageCount>()
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()
  #dropped = 0

  constructor(parts: UsageMeterParts) {
    this.#parts = parts
  }

  /** @param model whose calls or tokens these are; none for what is no model's */
  add(tenantId: string, used: Readonly<Partial<Record<UsageMetric, number>>>, model?: Model): void {
    const day = this.#parts.now().toISOString().slice(0, 10)
    const { provider, model: name } = model ?? { provider: '', model: '' }
    for (const [metric, count] of Object.entries(used) as [UsageMetric, number][])
      if (count > 0) this.#keep({ tenantId, day, metric, provider, model: name, count })
    this.#timer ??= setTimeout(() => void this.#try(), this.#parts.everyMs ?? EVERY_MS).unref()
  }

  /** Writes what has been counted until now. @throws what writing threw; the counts are kept */
  async flush(): Promise<void> {
    const written = this.#writing.then(() => this.#write())
    this.#writing = written.catch(() => undefined)
    return written
  }

  /** Writes the rest. Whatever goes wrong is told in the log: the process ends, and there is nobody to try again. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    await this.flush().catch((error: unknown) => {
      this.#parts.log.error({ err: error, counts: this.#counts.size }, 'the last counts of what tenants used are lost')
    })
    clearTimeout(this.#timer)
  }

  async #try(): Promise<void> {
    this.#timer = undefined
    try {
      await this.flush()
    } catch (error) {
      this.#parts.log.warn({ err: error, counts: this.#counts.size }, 'could not write what tenants used; it is kept and tried again') // prettier-ignore
      this.#timer ??= setTimeout(() => void this.#try(), this.#parts.everyMs ?? EVERY_MS).unref()
    }
  }

  async #write(): Promise<void> {
    if (this.#dropped > 0) {
      this.#parts.log.error({ dropped: this.#dropped }, 'what tenants used could not be written for so long that some of it was not counted') // prettier-ignore
      this.#dropped = 0
    }
    const counts = this.#counts
    if (counts.size === 0) return
    this.#counts = new Map()
    try {
      await this.#parts.write([...counts.values()])
    } catch (error) {
      const since = this.#counts
      this.#counts = counts
      for (const count of since.values()) this.#keep(count)
      throw error
    }
  }

  #keep(count: UsageCount): void {
    const key = `${count.tenantId} ${count.day} ${count.metric} ${count.provider} ${count.model}`
    const known = this.#counts.get(key)
    if (!known && this.#counts.size >= (this.#parts.limit ?? LIMIT)) this.#dropped++
    else this.#counts.set(key, known ? { ...known, count: known.count + count.count } : count)
  }
}
