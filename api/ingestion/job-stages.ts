import type { JobStage } from '../stores/postgres/rows.ts'

/** The record of a job, stage by stage. Pure: each gives the list as it is afterwards. */

export function pendingStages(names: readonly string[]): JobStage[] {
  return names.map(name => ({ name, status: 'pending', attempts: 0 }))
}

/** A stage that is running already was cut off: the worker that ran it is gone. */
export function beginStage(stages: readonly JobStage[], name: string, now: Date): JobStage[] {
  return change(stages, name, stage => {
    const crashes = (stage.crashes ?? 0) + (stage.status === 'running' ? 1 : 0)
    return {
      name,
      status: 'running',
      started_at: stage.started_at ?? now.toISOString(),
      attempts: stage.attempts + 1,
      ...(crashes > 0 && { crashes }),
      ...(stage.detail !== undefined && { detail: stage.detail }),
    }
  })
}

export function noteProgress(stages: readonly JobStage[], name: string, detail: string): JobStage[] {
  return change(stages, name, stage => ({ ...stage, detail }))
}

export function endStage(stages: readonly JobStage[], name: string, now: Date, detail?: string): JobStage[] {
  return change(stages, name, stage => {
    const { detail: _, ...rest } = stage
    return { ...rest, status: 'done', finished_at: now.toISOString(), ...(detail !== undefined && { detail }) }
  })
}

/** It will be tried again; until then it waits for what `reason` says. */
export function postponeStage(stages: readonly JobStage[], name: string, reason: string): JobStage[] {
  return change(stages, name, stage => ({ ...stage, status: 'pending', detail: `waiting: ${reason}` }))
}

export function failStage(stages: readonly JobStage[], name: string, now: Date, reason: string): JobStage[] {
  return change(stages, name, stage => ({
    ...stage,
    status: 'failed',
    finished_at: now.toISOString(),
    detail: reason,
  }))
}

/** A new job that goes on where a failed one stopped: what was done stays done, the rest begins anew. */
export function resumedStages(stages: readonly JobStage[]): JobStage[] {
  return stages.map(stage => (stage.status === 'done' ? stage : { name: stage.name, status: 'pending', attempts: 0 }))
}

/** Back to a stage: what came after it has to be done again. */
export function restartFrom(stages: readonly JobStage[], name: string, now: Date): JobStage[] {
  const index = stages.findIndex(stage => stage.name === name)
  const undone = stages.map((stage, place): JobStage => (place < index ? stage : { ...stage, status: 'pending' }))
  return beginStage(undone, name, now)
}

function change(stages: readonly JobStage[], name: string, to: (stage: JobStage) => JobStage): JobStage[] {
  return stages.map(stage => (stage.name === name ? to(stage) : stage))
}
