import { observeReferences } from '../observe/references.ts'
import { types } from '../observe/resource-types.ts'
import { type Pipeline } from '../observe/resources.ts'
import { pipelineFindings } from '../plan/pipeline-findings.ts'
import { type PipelineReport } from '../plan/pipeline-report.ts'
import { pipelineStatus } from '../plan/pipeline-status.ts'
import { isPlanning } from '../plan/plan-status.ts'
import { type ReconcileResult } from '../runtime/controller.ts'
import { addFinalizer } from '../runtime/finalizer.ts'
import { parseKey } from '../runtime/kubernetes-object.ts'
import { type OperatorContext } from './context.ts'
import { conclude, nextLook, suspend, tellingFailures } from './conclusion.ts'
import { observeBackups } from './pipeline-backup.ts'
import { planPipelineRun } from './pipeline-planning.ts'
import { removePipeline } from './pipeline-removal.ts'
import { prepareStores } from './pipeline-stores.ts'
import { runWorkloads } from './pipeline-workloads.ts'

const SUSPENDED = 'spec.suspend is true: changes wait until it is false again'
/** A Job's end is told by the watch; what keeps its pods is not. */
const JOB_LOOK_MS = 10_000
export const PIPELINE_FINALIZER = 'selfrag.io/pipeline'

/** observe → desired → plan → apply → status, for the RagPipeline of a key. */
export async function reconcilePipeline(context: OperatorContext, key: string): Promise<ReconcileResult> {
  const pipeline = await context.client.get<Pipeline>(types.pipelines, parseKey(key))
  if (!pipeline) {
    context.forgetStores(key)
    return {}
  }
  return tellingFailures(context, types.pipelines, pipeline, async () => {
    const planning = isPlanning(pipeline, context.dryRun) && (!pipeline.spec.suspend || isGoing(pipeline))
    if (planning) return planPipelineRun(context, pipeline, PIPELINE_FINALIZER)
    if (isGoing(pipeline)) return removePipeline(context, pipeline, PIPELINE_FINALIZER)
    if (pipeline.spec.suspend) return suspend(context, types.pipelines, pipeline, SUSPENDED)
    const owned = await addFinalizer(context.client, types.pipelines, pipeline, PIPELINE_FINALIZER)
    const report = await bringAbout(context, owned)
    const findings = pipelineFindings(owned, report)
    await conclude(context, types.pipelines, owned, findings, pipelineStatus(owned, report, findings, context.now()))
    return nextLook(context, report.fault, report.migration?.state === 'running' ? JOB_LOOK_MS : undefined)
  })
}

function isGoing({ metadata }: Pipeline): boolean {
  return metadata.deletionTimestamp !== undefined
}

async function bringAbout(context: OperatorContext, pipeline: Pipeline): Promise<PipelineReport> {
  const references = await observeReferences(context.client, pipeline)
  const stores = await prepareStores(context, pipeline, references)
  const workloads = await runWorkloads(context, pipeline, references, stores)
  return {
    missing: references.secrets.missing,
    ...stores,
    ...workloads,
    backups: await observeBackups(context, pipeline),
    drift: [...stores.drift, ...workloads.drift],
  }
}
