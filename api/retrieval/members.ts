import type { FusionMethod, MemberName, RetrieverName } from '../contract/retrieval.ts'
import { denseObstacle } from './dense.ts'
import { fuseLists } from './fusion/fuse-lists.ts'
import type { RetrievalParts } from './parts.ts'
import type { RetrievalQuery } from './retriever.ts'
import { asFound } from './scored-chunks.ts'
import type { Combined, FoundLeg, LegRequest, Planner, SearchPlan } from './search-plan.ts'

export interface Membership {
  readonly name: RetrieverName
  readonly members: readonly MemberName[]
  readonly method: FusionMethod
}

export type Planners = Readonly<Record<MemberName, Planner>>

/**
 * Several retrievers as one: each makes its list, and the lists are fused. What they all look for goes in one request, and
 * what two of them look for alike goes once. A member that cannot run where there are no embeddings is left out, and the
 * trace says so.
 */
export async function planMembers(
  parts: RetrievalParts,
  planners: Planners,
  query: RetrievalQuery,
  { name, members, method }: Membership,
  stopwatch: Parameters<Planner>[1],
): Promise<SearchPlan> {
  const obstacle = members.some(member => member !== 'bm25') ? await denseObstacle(parts, query) : null
  const able = members.filter(member => !(member === 'dense' && obstacle?.kind === 'absent'))
  if (able.length === 0) return planners.dense(query, stopwatch)
  const planned = await Promise.all(
    able.map(async member => ({ member, plan: await planners[member](query, stopwatch) })),
  )
  // Without embeddings `hybrid` is BM25 as well: one list is not counted twice.
  const distinct = planned.filter(
    ({ plan }, at) => at === planned.findIndex(one => one.plan.retriever === plan.retriever),
  )
  const [plans, names] = [distinct.map(({ plan }) => plan), distinct.map(({ member }) => member)]
  const [only] = plans
  if (plans.length === 1 && only) {
    const fallback = obstacle && { from: name, to: only.retriever, reason: obstacle.message }
    return { ...only, trace: { ...only.trace, ...(fallback && { fallback }) } }
  }
  const { legs, places } = together(plans, names)
  return {
    retriever: name,
    legs,
    trace: { members: names },
    combine: found => fuseMembers(plans, names, places, found, method, query.fusion?.weights),
  }
}

/** Pure: the legs of all plans, each text once a way of searching, and at which places each plan finds its own. */
function together(plans: readonly SearchPlan[], members: readonly string[]) {
  const legs: LegRequest[] = []
  const places = plans.map((plan, index) =>
    plan.legs.map(leg => {
      const known = legs.findIndex(({ using, text }) => using === leg.using && text === leg.text)
      if (known >= 0) return known
      const taken = legs.some(({ name }) => name === leg.name)
      return legs.push(taken ? { ...leg, name: `${members[index]}.${leg.name}` } : leg) - 1
    }),
  )
  return { legs, places }
}

function fuseMembers(
  plans: readonly SearchPlan[],
  members: readonly MemberName[],
  places: readonly (readonly number[])[],
  found: readonly FoundLeg[],
  method: FusionMethod,
  weights: Readonly<Record<string, number>> | undefined,
): Combined {
  const lists = plans.map((plan, index) => {
    const member = members[index]!
    const { chunks } = plan.combine(places[index]!.map(place => found[place]!))
    const weight = weights?.[member]
    return {
      name: member,
      items: chunks.map(({ id, score }) => ({ id, score })),
      // A cosine has no floor; what BM25 or a fusion does not list has nothing of it.
      ...(member !== 'dense' && { floor: 0 }),
      ...(weight !== undefined && { weight }),
    }
  })
  const fused = fuseLists(method, lists)
  return { chunks: asFound(fused.items, found), trace: { fusion: method, weights: fused.weights } }
}
