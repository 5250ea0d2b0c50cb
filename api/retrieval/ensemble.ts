import type { MemberName } from '../contract/retrieval.ts'
import { type Planners, planMembers } from './members.ts'
import type { RetrievalParts } from './parts.ts'
import type { Planner } from './search-plan.ts'

export const ensembleMembers: readonly MemberName[] = ['dense', 'bm25']

/**
 * Retrievers vote by rank (weighted reciprocal ranks): for when their scores mean nothing to each other, or when who
 * counts for how much has been measured elsewhere. `score` is 0 to 1; 1 is first in every list.
 */
export function ensemblePlanner(parts: RetrievalParts, planners: Planners): Planner {
  return (query, stopwatch) => {
    const members = query.fusion?.retrievers ?? ensembleMembers
    return planMembers(parts, planners, query, { name: 'ensemble', members, method: 'rrf' }, stopwatch)
  }
}
