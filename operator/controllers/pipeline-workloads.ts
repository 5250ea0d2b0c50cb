import { mintAdminToken } from '../apply/admin-token.ts'
import { applyObjects, decideObjects } from '../apply/objects.ts'
import { adminTokenSecret } from '../desired/admin-token.ts'
import { desiredObjects } from '../desired/index.ts'
import { type Component, names } from '../desired/names.ts'
import { imageOf } from '../desired/pod-template.ts'
import { type ObservedReferences } from '../observe/references.ts'
import { typeOf, types } from '../observe/resource-types.ts'
import { type Pipeline } from '../observe/resources.ts'
import { type Secret } from '../observe/secrets.ts'
import { decideAdminToken, MINTED } from '../plan/admin-token-decision.ts'
import { type LiveDeployment } from '../plan/deployment-findings.ts'
import { toldDrift } from '../plan/drift-policy.ts'
import { monitoringObjects } from '../plan/monitoring-finding.ts'
import { appliedObject, type ObjectDecision, objectPolicy } from '../plan/object-decision.ts'
import { type PipelineReport } from '../plan/pipeline-report.ts'
import { referencedAddresses } from '../plan/referenced-addresses.ts'
import { type Absence } from '../runtime/kubernetes-error.ts'
import { type KubernetesObject, objectName } from '../runtime/kubernetes-object.ts'
import { type OperatorContext } from './context.ts'
import { tellDrift } from './conclusion.ts'
import { removeUnwanted } from './pipeline-pruning.ts'
import { type StoresPart } from './pipeline-stores.ts'

type WorkloadsPart = Pick<PipelineReport, 'objectObstacles' | 'drift' | 'monitoring' | 'deployments' | 'applied'>

/** Runs API and worker when what they need is there; else leaves them as they are. */
export async function runWorkloads(
  context: OperatorContext,
  pipeline: Pipeline,
  references: ObservedReferences,
  stores: StoresPart,
): Promise<WorkloadsPart> {
  const wanted = wantedObjects(context, pipeline, references)
  // First, and also when nothing may be started: an autoscaler that is no longer wanted would argue about the number of pods.
  const kept = await removeUnwanted(context, pipeline, wanted)
  const before = await liveDeployments(context, pipeline)
  if (!mayRun(pipeline, references, stores) || !isReadyFor(imageOf(pipeline, context), stores, before))
    return { objectObstacles: [], drift: kept, monitoring: null, deployments: before, applied: null }
  const { token, objects, absent } = await decideWorkloads(context, pipeline, wanted)
  await mintAdminToken(context.client, pipeline, token)
  const { live, obstacles, ...outcome } = await applyObjects(context.client, objects)
  const left = [...kept, ...(token.leave ? token.drift : []), ...outcome.left]
  const repaired = token.leave ? outcome.repaired : [...token.drift, ...outcome.repaired]
  tellDrift(context, pipeline, repaired, toldDrift(pipeline, left))
  const deployment = (component: Component) =>
    (live.get(`Deployment/${names.deployment(pipeline, component)}`) ?? null) as LiveDeployment | null
  return {
    objectObstacles: token.obstacle ? [token.obstacle, ...obstacles] : obstacles,
    drift: left,
    monitoring: monitoringObjects(wanted, { live, left, absent: new Map([...absent, ...outcome.absent]) }),
    deployments: { api: deployment('api'), worker: deployment('worker') },
    applied: [...tokenRecord(token), ...outcome.applied],
  }
}

/** All that the pipeline asks for but the admin token. */
export function wantedObjects(
  { image }: Pick<OperatorContext, 'image'>,
  pipeline: Pipeline,
  references: ObservedReferences,
): readonly KubernetesObject[] {
  const addresses = referencedAddresses(pipeline, references)
  return desiredObjects(pipeline, { image, secretsChecksum: references.checksum, addresses })
}

interface WorkloadDecisions {
  readonly token: ObjectDecision
  readonly objects: readonly ObjectDecision[]
  /** By `Kind/name`, objects of kinds that the API server does not serve: there is nothing to decide about them. */
  readonly absent: ReadonlyMap<string, Absence>
}

/** Looks at the objects of a pipeline and decides about each; changes nothing. */
export async function decideWorkloads(
  { client, absence }: Pick<OperatorContext, 'client' | 'absence'>,
  pipeline: Pipeline,
  wanted: readonly KubernetesObject[],
): Promise<WorkloadDecisions> {
  const policy = objectPolicy(pipeline)
  const secret = adminTokenSecret(pipeline, '')
  const live = await client.get<Secret>(types.secrets, secret.metadata)
  const absent = new Map<string, Absence>()
  for (const object of wanted) {
    const reason = absence(typeOf(object), pipeline.metadata.namespace)
    if (reason) absent.set(objectName(object), reason)
  }
  const served = wanted.filter(object => !absent.has(objectName(object)))
  const objects = await decideObjects(client, served, policy)
  return { token: decideAdminToken(secret, live, policy), objects, absent }
}

function tokenRecord({ wanted, obstacle, leave, recorded }: ObjectDecision) {
  if (obstacle) return []
  return leave ? (recorded ? [recorded] : []) : [appliedObject(wanted, MINTED)]
}

/**
 * Pods are neither started nor replaced while something is in the way: with a new model that the collection does not fit
 * they would serve nothing, with a Secret missing they would not start. A store that is away for a while is no reason.
 */
export function mayRun(
  pipeline: Pipeline,
  { secrets }: ObservedReferences,
  { obstacles, stores }: Pick<StoresPart, 'obstacles' | 'stores'>,
): boolean {
  const prepared = stores !== null || pipeline.status?.version !== undefined
  return secrets.missing.length === 0 && obstacles.length === 0 && prepared
}

/**
 * Pods get an image when it has migrated the database. While nobody can ask the database, those that run it already may
 * get what else has changed.
 */
function isReadyFor(image: string, { migration }: StoresPart, deployments: PipelineReport['deployments']): boolean {
  if (migration) return migration.state === 'done'
  return Object.values(deployments).every(live => live?.spec.template.spec?.containers[0]?.image === image)
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
