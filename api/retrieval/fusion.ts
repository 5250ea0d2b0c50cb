import type { MemberName } from '../contract/retrieval.ts'
import { type Planners, planMembers } from './members.ts'
import type { RetrievalParts } from './parts.ts'
import type { Planner } from './search-plan.ts'

export const fusionMembers: readonly MemberName[] = ['dense', 'bm25', 'hybrid']

/** Retrievers' lists fused by their scores, in the way that the request names. `score` is 0 to 1 and relative. */
export function fusionPlanner(parts: RetrievalParts, planners: Planners): Planner {
  return (query, stopwatch) => {
    const {
      retrievers: members = fusionMembers,
      weights,
      method = weights ? 'min_max' : 'standard_score',
    } = query.fusion ?? {}
    return planMembers(parts, planners, query, { name: 'fusion', members, method }, stopwatch)
  }
}
