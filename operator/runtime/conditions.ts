import { cut } from './cut.ts'

/** Of 32,768 that metav1.Condition allows: a dozen of them and a status stays small. */
const MAX_MESSAGE = 4096

/** As metav1.Condition. */
export interface Condition {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  readonly observedGeneration?: number | undefined
  readonly lastTransitionTime: string
  /** Stable CamelCase word, for programs. */
  readonly reason: string
  /** What is so, and what to do about it, for people. */
  readonly message: string
}

/** What a controller has found out; the rest of a condition follows from what was there before. */
export type Finding = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>

/**
 * The list with the findings in it, in place of conditions of the same types. `lastTransitionTime` moves only when
 * `status` changes, so that an unchanged finding gives an unchanged condition.
 */
export function setConditions(
  before: readonly Condition[],
  findings: readonly Finding[],
  generation: number | undefined,
  now: Date,
): Condition[] {
  const result = new Map(before.map(condition => [condition.type, condition]))
  for (const finding of findings) {
    const old = result.get(finding.type)
    const lastTransitionTime = old?.status === finding.status ? old.lastTransitionTime : timestamp(now)
    const { type, status, reason, message } = finding
    result.set(type, {
      type,
      status,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      lastTransitionTime,
      reason,
      message: cut(message, MAX_MESSAGE),
    })
  }
  return [...result.values()]
}

/** The findings whose status or reason is new: what deserves an Event. */
export function changedFindings(before: readonly Condition[], findings: readonly Finding[]): Finding[] {
  const old = new Map(before.map(condition => [condition.type, condition]))
  return findings.filter(({ type, status, reason }) => {
    const known = old.get(type)
    return known?.status !== status || known.reason !== reason
  })
}

/** As metav1.Time, which has whole seconds. */
export function timestamp(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`
}
