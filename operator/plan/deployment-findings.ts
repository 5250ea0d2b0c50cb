import { type Deployment } from '../desired/deployment.ts'
import { type Finding } from '../runtime/conditions.ts'
import { fails, holds } from './findings.ts'

/** A Deployment as the API server gives it: the part of its status that is looked at. */
export interface LiveDeployment extends Deployment {
  readonly status?: {
    readonly observedGeneration?: number
    readonly replicas?: number
    readonly updatedReplicas?: number
    readonly availableReplicas?: number
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string; readonly message?: string }[] // prettier-ignore
  }
}

/** Whether the pods serve. During a rollout the old ones may. */
export function availability(type: 'APIAvailable' | 'WorkerAvailable', live: LiveDeployment | null): Finding {
  if (!live) return fails(type, 'NotCreated', 'the Deployment is created when database and vector store are ready')
  const { name } = live.metadata
  const wanted = live.spec.replicas ?? 1
  const available = live.status?.availableReplicas ?? 0
  if (wanted === 0)
    return fails(
      type,
      'ScaledToZero',
      `Deployment ${name} is scaled to 0 pods; set replicas in the spec, or scale it up`,
    )
  // Also while the status is about the generation before: the old pods serve until new ones do.
  const met = conditionOf(live, 'Available')?.status === 'True' && available > 0
  if (met) return holds(type, 'Available', `${available} of ${wanted} pods of Deployment ${name} are ready`)
  const why = stuckMessage(live) ?? `see \`kubectl describe deployment ${name}\` and the logs of its pods`
  return fails(type, 'Unavailable', `${available} of ${wanted} pods of Deployment ${name} are ready; ${why}`)
}

/** Whether all pods are of the newest kind and ready. */
export function isRolledOut(live: LiveDeployment | null): boolean {
  if (!live || !isObserved(live)) return false
  const wanted = live.spec.replicas ?? 1
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = live.status ?? {}
  return updatedReplicas >= wanted && replicas <= updatedReplicas && availableReplicas >= updatedReplicas
}

/** What keeps a rollout from ending; null when nothing is known to. */
export function stuckMessage(live: LiveDeployment | null): string | null {
  const progressing = live && conditionOf(live, 'Progressing')
  if (progressing?.reason !== 'ProgressDeadlineExceeded') return null
  return progressing.message ?? `the rollout of Deployment ${live?.metadata.name} does not get on`
}

/** The status is about what the spec says now. */
function isObserved(live: LiveDeployment): boolean {
  return (live.status?.observedGeneration ?? 0) >= (live.metadata.generation ?? 0)
}

function conditionOf(live: LiveDeployment, type: string) {
  return live.status?.conditions?.find(condition => condition.type === type)
}
