import { type Obstacle } from '../../api/provisioning/steps.ts'
import { type Condition, type Finding } from '../runtime/conditions.ts'

export function holds(type: string, reason: string, message: string): Finding {
  return { type, status: 'True', reason, message }
}

export function fails(type: string, reason: string, message: string): Finding {
  return { type, status: 'False', reason, message }
}

export function unknown(type: string, reason: string, message: string): Finding {
  return { type, status: 'Unknown', reason, message }
}

/** The first obstacle decides the reason; all of them are told. */
export function obstructed(type: string, obstacles: readonly Obstacle[]): Finding | null {
  const [first] = obstacles
  return first ? fails(type, first.reason, sentences(obstacles.map(({ message }) => message))) : null
}

/**
 * `Ready`: true when all of `areas` are; else it tells what the first of them lacks, so that a reader needs no other
 * condition to know what to do.
 * @param conditions the areas' findings, and conditions from before for areas that could not be looked at
 */
export function readiness(
  areas: readonly string[],
  conditions: readonly Pick<Condition, 'type' | 'status' | 'reason' | 'message'>[],
  message: string,
): Finding {
  const unmet = areas
    .map(
      area => conditions.find(({ type }) => type === area) ?? unknown(area, 'NotChecked', `${area} is not known yet`),
    )
    .filter(({ status }) => status !== 'True')
  // What fails explains what is merely unknown because of it.
  const cause = unmet.find(({ status }) => status === 'False') ?? unmet[0]
  return cause ? fails('Ready', cause.reason, cause.message) : holds('Ready', 'AsDesired', message)
}

export function sentences(parts: readonly string[]): string {
  return parts.join('; ')
}
