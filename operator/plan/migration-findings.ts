import { MIGRATE_ANNOTATION } from '../../crds/definition.ts'
import { type Pipeline } from '../observe/resources.ts'
import { type Finding } from '../runtime/conditions.ts'
import { fails } from './findings.ts'
import { type Migration } from './migration.ts'
import { type PipelineReport } from './pipeline-report.ts'

type Running = Extract<Migration, { state: 'running' }>
type Failed = Extract<Migration, { state: 'failed' }>

const TYPE = 'DatabaseReady'

/**
 * What a migration that is not done means for DatabaseReady. Null: nothing, because none is under way, or because the
 * version before serves on while it runs.
 */
export function migrationFinding(pipeline: Pipeline, { migration }: PipelineReport): Finding | null {
  if (migration?.state === 'failed') return fails(TYPE, 'MigrationFailed', migrationFailure(pipeline, migration))
  const before = conditionOf(pipeline)
  if (migration?.state !== 'running' || before?.status === 'True') return null
  return fails(TYPE, 'Migrating', migrationProgress(migration))
}

export function migrationProgress({ job, image, message }: Running): string {
  return `Job ${job} has the image ${image} migrate the database${message === null ? '' : `: ${message}`}`
}

/** As long as its pods are there they say why; then what they said stays. */
export function migrationFailure(pipeline: Pipeline, { job, image, message, reason }: Failed): string {
  const before = conditionOf(pipeline)
  if (message === null && before?.reason === 'MigrationFailed' && before.message.includes(`Job ${job} `))
    return before.message
  const serves = pipeline.status?.version === undefined ? '' : '; pods of the image before go on'
  return `Job ${job} failed to migrate the database for the image ${image}: ${message ?? reason}${serves}. Correct that; then change the spec, give the annotation ${MIGRATE_ANNOTATION} another value, or delete the Job` // prettier-ignore
}

function conditionOf({ status }: Pipeline) {
  return status?.conditions?.find(({ type }) => type === TYPE)
}
