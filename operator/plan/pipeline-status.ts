import { sharedCollection } from '../../api/contract/names.ts'
import { collectionPrefix } from '../../api/provisioning/from-resource.ts'
import { type RagPipelineStatus } from '../../crds/rag-pipeline.ts'
import { apiUrl, externalUrl } from '../desired/names.ts'
import { type Pipeline } from '../observe/resources.ts'
import { type Condition, type Finding, setConditions } from '../runtime/conditions.ts'
import { toldDrift } from './drift-policy.ts'
import { type PipelineReport } from './pipeline-report.ts'
import { statusDrift } from './status-drift.ts'

/** The whole status. What could not be read this time stays as it was. Pure. */
export function pipelineStatus(
  pipeline: Pipeline,
  report: PipelineReport,
  findings: readonly Finding[],
  now: Date,
): RagPipelineStatus {
  const before = pipeline.status
  const version = report.stores?.control.applied?.at(-1) ?? before?.version
  const embedding = embeddingStatus(pipeline, report) ?? before?.embedding
  const drift = toldDrift(pipeline, report.drift)
  const outside = externalUrl(pipeline)
  const tenants = report.tenants ?? before?.tenants
  const objects = report.applied ? [...report.applied] : before?.objects
  return {
    observedGeneration: pipeline.metadata.generation,
    conditions: setConditions(known(pipeline), findings, pipeline.metadata.generation, now),
    url: apiUrl(pipeline),
    ...(outside === null ? {} : { externalUrl: outside }),
    ...(version === undefined ? {} : { version }),
    ...(embedding === undefined ? {} : { embedding }),
    ...(tenants === undefined ? {} : { tenants }),
    ...(objects === undefined ? {} : { objects }),
    ...(report.backups?.lastSuccess ? { backup: { lastSuccessTime: report.backups.lastSuccess } } : {}),
    ...statusDrift(drift),
  }
}

/** Conditions from before, without those about what is no longer asked for. */
function known({ spec, status }: Pipeline): readonly Condition[] {
  return (status?.conditions ?? []).filter(({ type }) => type !== 'BackupReady' || spec.backup)
}

/** What the collection says of itself, which is what its vectors were made with; not what the spec wishes. */
function embeddingStatus(pipeline: Pipeline, report: PipelineReport): RagPipelineStatus['embedding'] {
  const { state, generations = [] } = report.stores?.collection ?? {}
  if (!state?.fingerprint) return undefined
  const model = generations.find(({ collection }) => collection === state.name)?.model
  return {
    fingerprint: state.fingerprint,
    ...(model ? { model } : {}),
    ...(state.dense ? { dimension: state.dense.dimension } : {}),
    collection: sharedCollection(collectionPrefix(pipeline)),
  }
}
