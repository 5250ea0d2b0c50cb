import { ADOPT_ANNOTATION } from '../../crds/definition.ts'
import { ensureAdminToken } from '../apply/admin-token.ts'
import { applyObjects } from '../apply/objects.ts'
import { desiredObjects } from '../desired/index.ts'
import { type Component, names } from '../desired/names.ts'
import { type ObservedReferences } from '../observe/references.ts'
import { types } from '../observe/resource-types.ts'
import { type Pipeline } from '../observe/resources.ts'
import { type LiveDeployment } from '../plan/deployment-findings.ts'
import { workloadsSettled } from '../plan/pipeline-findings.ts'
import { toldDrift } from '../plan/drift-policy.ts'
import { type PipelineReport } from '../plan/pipeline-report.ts'
import { referencedAddresses } from '../plan/referenced-addresses.ts'
import { type OperatorContext } from './context.ts'
import { tellDrift } from './conclusion.ts'
import { removeUnwanted } from './pipeline-pruning.ts'
import { type StoresPart } from './pipeline-stores.ts'

type WorkloadsPart = Pick<PipelineReport, 'objectObstacles' | 'drift' | 'deployments'>

/** Runs API and worker when what they need is there; else leaves them as they are. */
export async function runWorkloads(
  context: OperatorContext,
  pipeline: Pipeline,
  references: ObservedReferences,
  stores: StoresPart,
): Promise<WorkloadsPart> {
  const addresses = referencedAddresses(pipeline, references)
  const wanted = desiredObjects(pipeline, { image: context.image, secretsChecksum: references.checksum, addresses })
  // First, and also when nothing may be started: an autoscaler that is no longer wanted would argue about the number of pods.
  const kept = await removeUnwanted(context, pipeline, wanted)
  if (!mayRun(pipeline, references, stores))
    return { objectObstacles: [], drift: kept, deployments: await liveDeployments(context, pipeline) }
  const adopt = pipeline.metadata.annotations?.[ADOPT_ANNOTATION] === 'true'
  const token = await ensureAdminToken(context.client, pipeline, adopt)
  const applied = await applyObjects(context.client, wanted, {
    drift: pipeline.spec.driftPolicy,
    settled: workloadsSettled(pipeline),
    adopt,
  })
  const left = [...kept, ...applied.left]
  tellDrift(context, pipeline, applied.repaired, toldDrift(pipeline, left))
  const live = (component: Component) =>
    (applied.live.get(`Deployment/${names.deployment(pipeline, component)}`) ?? null) as LiveDeployment | null
  return {
    objectObstacles: token ? [token, ...applied.obstacles] : applied.obstacles,
    drift: left,
    deployments: { api: live('api'), worker: live('worker') },
  }
}

/**
 * Pods are neither started nor replaced while something is in the way: with a new model that the collection does not fit
 * they would serve nothing, with a Secret missing they would not start. A store that is away for a while is no reason.
 */
function mayRun(pipeline: Pipeline, { secrets }: ObservedReferences, { obstacles, stores }: StoresPart): boolean {
  const prepared = stores !== null || pipeline.status?.version !== undefined
  return secrets.missing.length === 0 && obstacles.length === 0 && prepared
}

async function liveDeployments(context: OperatorContext, pipeline: Pipeline): Promise<PipelineReport['deployments']> {
  const get = (component: Component) =>
    context.client.get<LiveDeployment>(types.deployments, {
      namespace: pipeline.metadata.namespace,
      name: names.deployment(pipeline, component),
    })
  const [api, worker] = await Promise.all([get('api'), get('worker')])
  return { api, worker }
}
