import { type PlannedChange } from '../../api/provisioning/planned-change.ts'
import { type Drift } from '../../api/provisioning/steps.ts'
import { differences } from '../runtime/differences.ts'
import { type KubernetesObject, objectName } from '../runtime/kubernetes-object.ts'
import { driftBetween, type ObjectDecision } from './object-decision.ts'

/** What a decision about an object would change, in words; null when nothing. Pure. */
export function describeObject({ wanted, live, action, leave, obstacle }: ObjectDecision): PlannedChange | null {
  if (obstacle || leave || action === 'none') return null
  const change = { target: 'kubernetes', object: objectName(wanted) } as const
  if (!live) return { ...change, action: 'create', detail: contents(wanted) }
  const found = driftBetween(wanted, differences(wanted, live))
  const detail = found.length > 0 ? found.map(arrow).join('; ') : 'fields that are not wanted any more are given up'
  return { ...change, action: 'update', detail }
}

/** An object that the spec does not ask for any more. */
export function describeDeletion(object: KubernetesObject): PlannedChange {
  return { target: 'kubernetes', action: 'delete', object: objectName(object), detail: 'the spec does not ask for it' }
}

function arrow({ field, wanted, found }: Drift): string {
  return `${field}: ${found} → ${wanted}`
}

/** All but metadata; of Secrets only which keys they have. */
function contents({ apiVersion: _, kind, metadata: __, ...rest }: KubernetesObject): string {
  if (kind !== 'Secret') return JSON.stringify(rest)
  const { data = {}, stringData = {} } = rest as { data?: object; stringData?: object }
  return `keys ${Object.keys({ ...data, ...stringData }).join(', ')}, whose values are not shown`
}
