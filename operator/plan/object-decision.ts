import { type Drift, type Obstacle } from '../../api/provisioning/steps.ts'
import { type AppliedObject } from '../../crds/applied-objects.ts'
import { ADOPT_ANNOTATION } from '../../crds/definition.ts'
import { type Pipeline } from '../observe/resources.ts'
import { type Difference } from '../runtime/differences.ts'
import { type KubernetesObject, objectName } from '../runtime/kubernetes-object.ts'
import { type ApplyDecision, decide } from '../runtime/server-side-apply.ts'
import { type DriftPolicy } from './drift-policy.ts'
import { claimObject } from './object-claim.ts'

/** Hash of what was applied, see operator/runtime/server-side-apply.ts. */
export const APPLIED_ANNOTATION = 'selfrag.io/applied'

export interface ObjectPolicy {
  readonly drift: DriftPolicy
  /** Takes over objects of somebody else. */
  readonly adopt: boolean
  /** Hashes of what had been applied, by `Kind/name`: what stands here and is not there has been deleted by somebody. */
  readonly applied: ReadonlyMap<string, string>
}

/** What is to be done about one object. */
export interface ObjectDecision {
  readonly wanted: KubernetesObject
  readonly live: KubernetesObject | null
  /** Why it must not be written; then nothing else is done. */
  readonly obstacle: Obstacle | null
  readonly action: ApplyDecision['action']
  /** What somebody else has changed. */
  readonly drift: readonly Drift[]
  /** Drift that the policy leaves as it is. */
  readonly leave: boolean
  /** What the status has to remember while the object stays as it is; null: nothing. */
  readonly recorded: AppliedObject | null
}

/** What a pipeline says about its objects, and what it has recorded of them. */
export function objectPolicy({ spec, metadata, status }: Pipeline): ObjectPolicy {
  return {
    drift: spec.driftPolicy,
    adopt: metadata.annotations?.[ADOPT_ANNOTATION] === 'true',
    applied: appliedHashes(status?.objects),
  }
}

/** As the status has recorded it. */
export function appliedHashes(objects: readonly AppliedObject[] | undefined): ReadonlyMap<string, string> {
  return new Map((objects ?? []).map(({ kind, name, hash }) => [`${kind}/${name}`, hash]))
}

/** Pure. */
export function decideObject(
  wanted: KubernetesObject,
  live: KubernetesObject | null,
  policy: ObjectPolicy,
): ObjectDecision {
  const applied = policy.applied.get(objectName(wanted))
  const recorded = applied === undefined ? null : appliedObject(wanted, applied)
  const wasApplied = applied !== undefined && live?.metadata.annotations?.[APPLIED_ANNOTATION] !== undefined
  const obstacle = live && claimObject(wanted, live, { adopt: policy.adopt, wasApplied })
  if (obstacle) return { wanted, live, obstacle, action: 'none', drift: [], leave: true, recorded: null }
  const decision = decide(wanted, live, APPLIED_ANNOTATION, applied)
  const drift = driftOf(wanted, decision)
  const leave = drift.length > 0 && policy.drift !== 'Enforce'
  return { wanted, live, obstacle: null, action: decision.action, drift, leave, recorded }
}

/** For the status, when the object is as it should be. */
export function appliedObject({ kind, metadata }: KubernetesObject, hash: string): AppliedObject {
  return { kind, name: metadata.name, hash }
}

function driftOf(object: KubernetesObject, decision: ApplyDecision): Drift[] {
  const name = objectName(object)
  if (decision.action === 'restore') return [{ object: name, field: 'existence', wanted: 'present', found: 'missing' }]
  return decision.action === 'repair' ? driftBetween(object, decision.differences) : []
}

/** Differences as they are told to people: without what a Secret holds. */
export function driftBetween(object: KubernetesObject, differences: readonly Difference[]): Drift[] {
  return differences.map(difference => tell(object, difference))
}

function tell(object: KubernetesObject, { path, wanted, found }: Difference): Drift {
  const show = object.kind === 'Secret' && /^(data|stringData)\b/.test(path) ? () => '(not shown)' : shown
  return { object: objectName(object), field: path, wanted: show(wanted), found: found === undefined ? 'missing' : show(found) } // prettier-ignore
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
