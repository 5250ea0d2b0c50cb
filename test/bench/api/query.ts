import type { RetrieverName } from '../../../api/contract/retrieval.ts'
import type { Corpus } from './corpus.ts'
import type { FilledTenant } from './fill.ts'

const QUERIES = 200
export const TOP_K = 10

/** One question of one tenant, with a filter that about half of its documents pass. */
export interface BenchQuery {
  readonly tenant: FilledTenant
  readonly body: {
    readonly query: string
    readonly knowledge_base_ids: readonly string[]
    readonly top_k: number
    readonly retriever: RetrieverName
    readonly metadata_filter: { readonly kind: string }
  }
}

/** The tenants take turns; each is asked. */
export function makeQueries(corpus: Corpus, tenants: readonly FilledTenant[]) {
  const texts = Array.from({ length: Math.max(QUERIES, tenants.length) }, () => corpus.query())
  return (retriever: RetrieverName): BenchQuery[] =>
    texts.map((query, index) => {
      const tenant = tenants[index % tenants.length]!
      return {
        tenant,
        body: {
          query,
          knowledge_base_ids: [tenant.knowledgeBaseId],
          top_k: TOP_K,
          retriever,
          metadata_filter: { kind: 'report' },
        },
      }
    })
}
