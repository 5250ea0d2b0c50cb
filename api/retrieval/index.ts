import type { RetrieverName } from '../contract/retrieval.ts'
import { autoRetriever } from './auto.ts'
import { bm25Planner } from './bm25.ts'
import { densePlanner } from './dense.ts'
import { ensemblePlanner } from './ensemble.ts'
import { fusionPlanner } from './fusion.ts'
import { hybridPlanner } from './hybrid.ts'
import { hydePlanner } from './hyde.ts'
import { multiQueryPlanner } from './multi-query.ts'
import { parentDocumentRetriever } from './parent-document.ts'
import type { RetrievalParts } from './parts.ts'
import { raptorRetriever } from './raptor.ts'
import type { Retriever } from './retriever.ts'
import { plannedRetriever } from './run-plan.ts'
import { selfQueryRetriever } from './self-query.ts'

/** Every retriever that a request can name. */
export function createRetrievers(parts: RetrievalParts): Readonly<Record<RetrieverName, Retriever>> {
  const both = hybridPlanner(parts)
  const planners = {
    dense: densePlanner(parts),
    bm25: bm25Planner,
    hybrid: both,
    hyde: hydePlanner(parts, both),
    multi_query: multiQueryPlanner(parts, both),
  }
  const hybrid = plannedRetriever('hybrid', parts, planners.hybrid)
  const retrievers = {
    hybrid,
    dense: plannedRetriever('dense', parts, planners.dense),
    bm25: plannedRetriever('bm25', parts, planners.bm25),
    parent_document: parentDocumentRetriever(parts, hybrid),
    ensemble: plannedRetriever('ensemble', parts, ensemblePlanner(parts, planners)),
    hyde: plannedRetriever('hyde', parts, planners.hyde),
    multi_query: plannedRetriever('multi_query', parts, planners.multi_query),
    self_query: selfQueryRetriever(parts, hybrid),
    raptor: raptorRetriever(parts, hybrid),
    fusion: plannedRetriever('fusion', parts, fusionPlanner(parts, planners)),
  }
  return { ...retrievers, auto: autoRetriever(parts, retrievers) }
}
