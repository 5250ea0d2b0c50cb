import type { Knex } from 'knex'
import type { Logger } from 'pino'
import type { Job, PgBoss } from 'pg-boss'
import { QUEUE_SCHEMA } from '../contract/names.ts'
import type { JobKind } from '../stores/postgres/rows.ts'
import { nextTurn } from './next-turn.ts'

/**
 * `documents`: one active job a key (a document, or a knowledge base that goes), so that nothing is indexed and deleted at
 * the same time. `calibrations`, `summaries`: one waiting and one active a key, so that asking twice costs nothing. The rest: what the
 * schedule asks for, at night.
 */
const queues = {
  documents: { policy: 'singleton' },
  calibrations: { policy: 'stately' },
  summaries: { policy: 'stately' },
  'clean-up': { policy: 'stately' },
  maintenance: { policy: 'stately' },
  'isolation-check': { policy: 'stately' },
} as const
type QueueName = keyof typeof queues

const queueOf = {
  ingest: 'documents',
  'delete-document': 'documents',
  'delete-knowledge-base': 'documents',
  calibrate: 'calibrations',
  summarize: 'summaries',
} as const satisfies Readonly<Record<JobKind, QueueName>>
type JobQueueName = (typeof queueOf)[JobKind]

/** Deletions are quick and go first; documents come in turns (next-turn.ts). */
const priorityOf: Readonly<Record<Exclude<JobKind, 'ingest'>, number>> = {
  'delete-document': 2,
  'delete-knowledge-base': 1,
  calibrate: 0,
  summarize: 0,
}

const DAY = 86_400

/** Attempts are not limited here: whoever runs a job ends it, with a reason (job-failure.ts). */
const delivery = {
  retryLimit: 1_000_000,
  retryBackoff: true,
  retryDelay: 1,
  retryDelayMax: 30,
  // A killed worker's job is another's after this and one supervision; 10 is the least that pg-boss takes.
  heartbeatSeconds: 10,
  expireInSeconds: 23 * 3600,
  retentionSeconds: 365 * DAY,
  // The record for people is the table jobs; here ended jobs only make scans longer.
  deleteAfterSeconds: 600,
} as const

/**
 * A task begins anew each time, and looks at everything: what it fails on may pass, but is not worth asking every half minute.
 * After the last attempt it comes again at its next time.
 */
const scheduledDelivery = { ...delivery, retryLimit: 3, retryDelay: 600, retryDelayMax: 3600 } as const

export interface QueuedJob {
  /** Of the row in `jobs`. */
  readonly id: string
  readonly kind: JobKind
  /** Jobs of one key run one after the other. */
  readonly key: string
  readonly delaySeconds?: number
}

/** @param signal aborted when the job is no longer this worker's, or the worker gives it back to stop */
export type JobHandler = (jobId: string, signal: AbortSignal) => Promise<void>

/** What one of all workers does again and again. */
export interface ScheduledTask {
  readonly name: Exclude<QueueName, JobQueueName>
  /** As cron has it, UTC; null: not at all (any more). */
  readonly at: string | null
  /** Harmless when it is run twice, or cut off. */
  readonly run: (signal: AbortSignal) => Promise<void>
}

export interface QueueSettings {
  readonly database: Knex
  readonly log: Logger
  /** Watches for jobs of workers that died; for processes that work. */
  readonly supervise: boolean
}

/**
 * Delivers jobs, at least once each, from a Postgres that also holds their records. Everything goes through the pool that
 * it is given; polling is single statements, so no transaction stays open (PGlite has one for all connections).
 */
export class JobQueue {
  readonly #settings: QueueSettings
  readonly #workers: string[] = []
  /** There from the first job on; also when it could not start. */
  #boss: PgBoss | undefined
  #started: Promise<PgBoss> | undefined

  constructor(settings: QueueSettings) {
    this.#settings = settings
  }

  /** Installs or upgrades the queue's schema when it has to, whoever else does at the same time. Once; after a failure again. */
  async start(): Promise<void> {
    await this.#ready()
  }

  #ready(): Promise<PgBoss> {
    this.#started ??= this.#start().catch((error: unknown) => {
      this.#started = undefined
      throw error
    })
    return this.#started
  }

  async #start(): Promise<PgBoss> {
    await ensureSchema(this.#settings.database)
    const { openBoss } = await import('./boss.ts')
    const boss = (this.#boss ??= openBoss(this.#settings))
    await boss.start()
    const jobQueues: ReadonlySet<string> = new Set(Object.values(queueOf))
    for (const [name, { policy }] of Object.entries(queues)) {
      const options = jobQueues.has(name) ? delivery : scheduledDelivery
      // An existing queue is left as it is, hence the update.
      await boss.createQueue(name, { policy, ...options })
      await boss.updateQueue(name, options)
    }
    return boss
  }

  /**
   * Adds jobs in the caller's transaction, so that job and record stand or fall together. Call {@link start} before the
   * transaction begins: starting needs another connection, which PGlite gives nobody meanwhile.
   * @param sql a transaction of the API's own role
   * @param tenantId whose jobs they are, for its turns
   * @returns ids of those that were added: a calibration that waits already is not queued twice
   */
  async add(sql: Knex.Transaction, tenantId: string, jobs: readonly QueuedJob[]): Promise<ReadonlySet<string>> {
    const boss = await this.#ready()
    const { inTransaction } = await import('./boss.ts')
    const comesInTurns = jobs.some(({ kind }) => kind === 'ingest')
    let turn = comesInTurns ? await nextTurn(sql, queueOf.ingest, tenantId) : 0
    const added = new Set<string>()
    for (const name of Object.keys(queues) as QueueName[]) {
      const wanted = jobs.filter(job => queueOf[job.kind] === name)
      if (wanted.length === 0) continue
      const ids = await boss.insert(
        name,
        wanted.map(job => ({
          id: job.id,
          priority: job.kind === 'ingest' ? -turn++ : priorityOf[job.kind],
          singletonKey: job.key,
          ...(job.delaySeconds !== undefined && { startAfter: job.delaySeconds }),
        })),
        { db: inTransaction(sql), returnId: true },
      )
      ids?.forEach(id => added.add(id))
    }
    return added
  }

  /** Lets this process's workers look now: after a commit, when they may be here. Harmless when they are not. */
  wake(): void {
    for (const worker of this.#workers) this.#boss?.notifyWorker(worker)
  }

  /** Runs jobs: `concurrency` documents at a time, one calibration, one tree of summaries, and what is due. */
  async work(concurrency: number, handler: JobHandler, scheduled: readonly ScheduledTask[] = []): Promise<void> {
    const boss = await this.#ready()
    for (let slot = 0; slot < concurrency; slot++) await this.#addWorker(boss, 'documents', 0.5, handler)
    await this.#addWorker(boss, 'calibrations', 0.5, handler)
    await this.#addWorker(boss, 'summaries', 2, handler)
    for (const { name, at, run } of scheduled) {
      if (at === null) await boss.unschedule(name)
      else await boss.schedule(name, at)
      // Also what is not scheduled any more: it may be due still.
      await this.#addWorker(boss, name, 60, (_, signal) => this.#runTask(name, () => run(signal)))
    }
  }

  /** Nobody keeps a record of it: the log is where a failure is told. It is tried again. */
  async #runTask(name: string, run: () => Promise<void>): Promise<void> {
    try {
      await run()
    } catch (error) {
      this.#settings.log.error({ err: error, task: name }, 'a scheduled task failed and is tried again')
      throw error
    }
  }

  async #addWorker(boss: PgBoss, queue: QueueName, pollingIntervalSeconds: number, handler: JobHandler): Promise<void> {
    const options = { pollingIntervalSeconds, heartbeatRefreshSeconds: 2, batchSize: 1 } as const
    const worker: string = await boss.work(queue, options, async ([job]: Job[]) => {
      if (!job) return
      try {
        await handler(job.id, job.signal)
      } catch {
        // The record of the job says why. pg-boss would store the error with all that hangs on it (requests, sockets), and
        // where that cannot be JSON the job would stay active until its heartbeat is missed.
        throw new Error('to be tried again; see the table jobs')
      } finally {
        // The next job at once: after work there may be more, and pg-boss would wait out its polling interval.
        boss.notifyWorker(worker)
      }
    })
    this.#workers.push(worker)
  }

  /** Lets running jobs end, for at most `graceMs`; what is not done by then is given back to be done by others. */
  async stop(graceMs: number): Promise<void> {
    await this.#started?.catch(() => undefined)
    // Also when it never got to work: a start that failed half way has left timers that keep the process alive.
    await this.#boss?.stop({ graceful: true, timeout: graceMs, close: false })
    this.#started = undefined
    this.#settings.log.debug('the queue has stopped')
  }
}

/** Two that create a schema at the same time collide, IF NOT EXISTS or not; pg-boss locks only what comes after. */
async function ensureSchema(database: Knex): Promise<void> {
  await database.transaction(async sql => {
    await sql.raw('SELECT pg_advisory_xact_lock(hashtext(?))', [QUEUE_SCHEMA])
    const { rows } = await sql.raw<{ rows: unknown[] }>('SELECT FROM pg_namespace WHERE nspname = ?', [QUEUE_SCHEMA])
    // Asked first, because CREATE wants a privilege on the database even when there is nothing to create.
    if (rows.length === 0) await sql.raw('CREATE SCHEMA ??', [QUEUE_SCHEMA])
  })
}
