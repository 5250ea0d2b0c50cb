import { forgetEndedJobs, type JobChanges, updateJob } from '../stores/postgres/jobs.ts'
import type { JobError, JobStage } from '../stores/postgres/rows.ts'
import { judgeFailure } from './job-failure.ts'
import { beginStage, endStage, failStage, postponeStage } from './job-stages.ts'
import type { JobWork } from './job-work.ts'

/** Part of a job that may simply be run again. Gives what it did, for people. */
export interface Step {
  readonly name: string
  run(): Promise<string>
}

/**
 * Runs the steps of a job that nobody may give up on (deleting): whatever fails is tried again until it is done.
 * @throws what has to pass before the next attempt
 */
export async function runSteps(work: JobWork, steps: readonly Step[]): Promise<void> {
  await run(work, steps, error => ({ ...judgeFailure(error, { stageAttempts: 1, ageMs: 0 }), transient: true }))
}

/**
 * Runs the steps of a job that makes something of a whole knowledge base. What refuses for good (a key, a model, settings)
 * ends it, and its record, the newest of its kind, says why until the job is asked for again.
 * @throws what has to pass before the next attempt
 */
export async function runStepsOrGiveUp(work: JobWork, steps: readonly Step[]): Promise<void> {
  const { parts, job } = work
  const ageMs = parts.now().getTime() - job.created_at.getTime()
  await run(work, steps, (error, stageAttempts) => judgeFailure(error, { stageAttempts, ageMs }))
  await forgetEndedJobs(parts.database, job.id, { kb_id: job.kb_id, kind: job.kind })
}

/** @param judge what an attempt failed of */
async function run(
  { parts, job, signal }: JobWork,
  steps: readonly Step[],
  judge: (error: unknown, stageAttempts: number) => JobError,
): Promise<void> {
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
      const verdict = judge(error, stages.find(({ name }) => name === step.name)?.attempts ?? 1)
      const told = { err: error, stage: step.name, code: verdict.code }
      if (!verdict.transient) {
        parts.log.error(told, 'the job has failed')
        return record({ status: 'failed', stages: failStage(stages, step.name, parts.now(), verdict.message), error: verdict, finished_at: parts.now() }) // prettier-ignore
      }
      parts.log.warn(told, 'the job will be tried again')
      await record({ status: 'queued', stages: postponeStage(stages, step.name, verdict.message), error: verdict })
      throw error
    }
  }
  await record({ status: 'succeeded', stage: null, stages, error: null, finished_at: parts.now() })
}
