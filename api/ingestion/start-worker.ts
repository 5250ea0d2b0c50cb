import { setTimeout as delay } from 'node:timers/promises'
import { Mover } from '../provisioning/moving/mover.ts'
import type { MoveTiming } from '../provisioning/moving/plan-move.ts'
import type { IngestionParts } from './ingestion-parts.ts'
import { retryGivenUp } from './retry-given-up.ts'
import { runJob } from './run-job.ts'
import { scheduledTasks } from './scheduled-tasks.ts'

export interface Worker {
  /** Resolves when jobs are being taken; waits for a database that is not there yet. */
  readonly started: Promise<void>
  /** Takes no more jobs, lets those at work end for at most `graceMs`, and gives back the rest. */
  stop(graceMs: number): Promise<void>
}

const RETRY_MS = 2_000

/** Runs jobs until it is stopped, `concurrency` documents at a time, and moves tenants between collections. */
export function startWorker(parts: IngestionParts, concurrency: number, moving?: MoveTiming): Worker {
  const stopping = new AbortController()
  const mover = new Mover({ ...parts, ...(moving && { timing: moving }) })
  mover.start()
  const started = keepTrying(parts, concurrency, stopping.signal)
  return {
    started,
    async stop(graceMs) {
      stopping.abort()
      await started
      await mover.stop()
      await parts.queue.stop(graceMs)
    },
  }
}

async function keepTrying(parts: IngestionParts, concurrency: number, stopping: AbortSignal): Promise<void> {
  for (let attempt = 1; !stopping.aborted; attempt++) {
    try {
      const run = (jobId: string, signal: AbortSignal) => runJob(parts, jobId, signal)
      await parts.queue.work(concurrency, run, scheduledTasks(parts))
      parts.log.info({ concurrency }, 'the worker takes jobs')
      await retryGivenUp(parts).catch((error: unknown) => parts.log.warn({ err: error }, 'what was given up could not be asked for again')) // prettier-ignore
      return
    } catch (error) {
      if (attempt === 1) parts.log.warn({ err: error }, 'the worker cannot use its queue yet and tries again')
      await delay(RETRY_MS, undefined, { signal: stopping }).catch(() => undefined)
    }
  }
}
