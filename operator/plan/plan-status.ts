import { isDeepStrictEqual } from 'node:util'
import { type StatusPlan } from '../../crds/plan.ts'
import { type Pipeline, type Tenant } from '../observe/resources.ts'
import { type Finding, timestamp } from '../runtime/conditions.ts'
import { cut } from '../runtime/cut.ts'
import { fails } from './findings.ts'
import { PLAN_ANNOTATION } from '../../crds/definition.ts'
import { type Forecast, type PlanReport } from './plan-report.ts'

/** With these a plan stays below 200 KB whatever it holds; the CRD's schema has the same bounds. */
export const MOST_CHANGES = 100
const MOST_NOTES = 16
const LONGEST = { object: 512, detail: 1024, after: 512, note: 1024 } as const

/** Whether the resource is only to be planned. @param dryRun the operator's own setting */
export function isPlanning({ metadata }: Pipeline | Tenant, dryRun: boolean): boolean {
  return dryRun || metadata.annotations?.[PLAN_ANNOTATION] === 'true'
}

/** What a status is besides the plan, which ends with plan mode. */
export function withoutPlan<Status extends { readonly plan?: unknown }>(status: Status): Omit<Status, 'plan'> {
  const { plan: _, ...rest } = status
  return rest
}

/** `time` moves only when the rest does, so that a plan that stays the same is not written again. Pure. */
export function statusPlan(
  before: StatusPlan | undefined,
  { operation, changes, notes }: PlanReport,
  generation: number,
  now: Date,
): StatusPlan {
  const omitted = changes.length - MOST_CHANGES
  const more = notes.length - MOST_NOTES
  const told = more > 0 ? [...notes.slice(0, MOST_NOTES - 1), `and ${more + 1} more`] : notes
  const plan = {
    generation,
    operation,
    summary: summary(changes),
    changes: changes.slice(0, MOST_CHANGES).map(bounded),
    ...(omitted > 0 ? { omitted } : {}),
    ...(told.length > 0 ? { notes: told.map(note => cut(note, LONGEST.note)) } : {}),
  }
  const { time, ...rest } = before ?? { time: '' }
  return { ...plan, time: isDeepStrictEqual(rest, plan) ? time : timestamp(now) }
}

/** `12 changes: 7 in postgres, 2 in qdrant, 3 in kubernetes` */
export function summary(changes: readonly Forecast[]): string {
  if (changes.length === 0) return 'no changes'
  const byTarget = [...Map.groupBy(changes, ({ target }) => target)]
  const places = byTarget.map(([target, { length }]) => `${length} in ${target}`).join(', ')
  const erased = changes.filter(({ action }) => action === 'delete').length
  return `${changes.length} ${changes.length === 1 ? 'change' : 'changes'}: ${places}${erased > 0 ? `; ${erased} of them delete something` : ''}` // prettier-ignore
}

/** What is said while nothing is done. What was known of the resource before goes on holding. Pure. */
export function planFindings(resource: Pipeline | Tenant, plan: StatusPlan, dryRun: boolean): Finding[] {
  const why = dryRun ? 'the operator runs with DRY_RUN' : `the annotation ${PLAN_ANNOTATION} is "true"`
  const way = dryRun ? 'run it without DRY_RUN' : 'remove the annotation'
  const deleting = plan.operation === 'Delete' ? 'it is being deleted, and waits: ' : ''
  const message = `${deleting}status.plan has ${plan.summary}; nothing is done because ${why}; ${way} to have it carried out` // prettier-ignore
  const planned = fails('Progressing', 'Planned', message)
  const wasJudged = resource.status?.conditions?.some(({ type }) => type === 'Ready')
  return wasJudged ? [planned] : [fails('Ready', 'Planned', message), planned]
}

function bounded({ target, action, object, detail, after }: Forecast): StatusPlan['changes'][number] {
  return {
    target,
    action,
    object: cut(object, LONGEST.object),
    detail: cut(detail, LONGEST.detail),
    ...(after === undefined ? {} : { after: cut(after, LONGEST.after) }),
  }
}
