import { type Drift } from '../../api/provisioning/steps.ts'
import { type RagPipeline } from '../../crds/rag-pipeline.ts'
import { typeOf } from '../observe/resource-types.ts'
import { type Finding } from '../runtime/conditions.ts'
import { type Absence } from '../runtime/kubernetes-error.ts'
import { type KubernetesObject, objectName } from '../runtime/kubernetes-object.ts'
import { DRIFTED } from './drift-policy.ts'
import { fails, holds, sentences, unknown } from './findings.ts'

/** How an object of the Prometheus operator fares. */
export interface MonitoringObject {
  /** `ServiceMonitor/demo` */
  readonly name: string
  /** `servicemonitors.monitoring.coreos.com` */
  readonly crd: string
  readonly state: 'InPlace' | 'Conflict' | typeof DRIFTED | Absence
}

interface Outcome {
  readonly live: ReadonlyMap<string, KubernetesObject>
  readonly absent: ReadonlyMap<string, Absence>
  readonly left: readonly Drift[]
}

/** The objects of optional kinds among those that are wanted, and what came of applying them. */
export function monitoringObjects(
  wanted: readonly KubernetesObject[],
  { live, absent, left }: Outcome,
): MonitoringObject[] {
  return wanted
    .filter(object => typeOf(object).optional)
    .map(object => {
      const name = objectName(object)
      const { plural, apiVersion } = typeOf(object)
      const missing = left.some(drift => drift.object === name) ? DRIFTED : 'Conflict'
      const state = absent.get(name) ?? (live.has(name) ? 'InPlace' : missing)
      return { name, crd: `${plural}.${apiVersion.split('/')[0]}`, state }
    })
}

/** Whether what `spec.monitoring` asks for is there. A pipeline serves without it, so `Ready` does not depend on it. Pure. */
export function monitoringFinding({ spec }: Pick<RagPipeline, 'spec'>, objects: readonly MonitoringObject[] | null): Finding {
  const type = 'MonitoringReady'
  const { serviceMonitor, prometheusRule } = spec.monitoring
  if (!serviceMonitor && !prometheusRule) return holds(type, 'NotRequested', 'spec.monitoring asks for nothing')
  if (!objects) return unknown(type, 'NotChecked', 'waits for what the condition Ready says')
  const unmet = objects.filter(({ state }) => state !== 'InPlace')
  const [first] = unmet
  if (!first) return holds(type, 'AsDesired', `${objects.map(({ name }) => name).join(' and ')} are in place`)
  return fails(type, first.state, sentences(unmet.map(explain)))
} // prettier-ignore

function explain({ name, crd, state }: MonitoringObject): string {
  switch (state) {
    case 'InPlace':
      return `${name} is in place`
    case 'NotInstalled':
      return `${name} cannot be made: the CRD ${crd} is not installed; install the CRDs of the Prometheus operator (it is noticed by itself), or turn it off in spec.monitoring`
    case 'Forbidden':
      return `${name} cannot be made: the operator has no right to ${crd}; give it the rights that its role in this release has`
    case 'Conflict':
      return `${name} is somebody else's; the condition Degraded says what to do`
    case DRIFTED:
      return `${name} is missing and driftPolicy is not Enforce; set it to Enforce to have it made again`
  }
}
