import { type JobChanges, updateJob } from '../stores/postgres/jobs.ts'
import type { JobStage } from '../stores/postgres/rows.ts'
import { judgeFailure } from './job-failure.ts'
import { beginStage, endStage, postponeStage } from './job-stages.ts'
import type { JobWork } from './job-work.ts'

/** Part of a job that may simply be run again. Gives what it did, for people. */
export interface Step {
  readonly name: string
  run(): Promise<string>
}

/**
 * Runs the steps of a job that nobody may give up on (deleting, counting): whatever fails is tried again until it is done.
 * @throws what has to pass before the next attempt
 */
export async function runSteps({ parts, job, signal }: JobWork, steps: readonly Step[]): Promise<void> {
  const record = (changes: JobChanges) => updateJob(parts.database, job.id, changes)
  let stages: readonly JobStage[] = job.stages
  let attempts = job.attempts
  for (const step of steps) {
    signal.throwIfAborted()
    stages = beginStage(stages, step.name, parts.now())
    if (attempts === job.attempts) attempts += 1
    await record({ status: 'running', stage: step.name, stages, attempts })
    try {
      stages = endStage(stages, step.name, parts.now(), await step.run())
    } catch (error) {
      if (signal.aborted) throw error
      const verdict = { ...judgeFailure(error, { stageAttempts: 1, ageMs: 0 }), transient: true }
      parts.log.warn({ err: error, stage: step.name, code: verdict.code }, 'the job will be tried again')
      await record({ status: 'queued', stages: postponeStage(stages, step.name, verdict.message), error: verdict })
      throw error
    }
  }
  await record({ status: 'succeeded', stage: null, stages, error: null, finished_at: parts.now() })
}
