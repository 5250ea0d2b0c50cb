import type { Send } from './api-client.ts'

/** The most that one request gives. */
const TOP_K = 50

interface RetrieveReply {
  results: { document_id: string; score: number; metadata: { external_id?: string } }[]
  model: { retriever: string }
}

export interface Search {
  readonly knowledgeBaseId: string
  readonly retriever: string
  readonly query: string
  /** How many documents are wanted. */
  readonly depth: number
  /** What else is asked for: `rerank`, `group_by`. */
  readonly more?: Readonly<Record<string, unknown>>
}

/**
 * Documents for a question, best first, each with its best chunk's place. One request gives at most 50 chunks, so
 * deeper rankings are asked for page by page: the same question again, filtered to documents not seen yet.
 */
export async function rankDocuments(
  send: Send,
  { knowledgeBaseId, retriever, query, depth, more }: Search,
  datasetIds: (documentId: string) => readonly string[],
): Promise<{ ranking: string[]; milliseconds: number }> {
  const ranking = new Set<string>()
  const seen = new Set<string>()
  let milliseconds: number | undefined
  while (ranking.size < depth) {
    const start = performance.now()
    const { results, model } = await send<RetrieveReply>('POST', '/v1/retrieve', {
      query,
      knowledge_base_ids: [knowledgeBaseId],
      retriever,
      top_k: TOP_K,
      ...more,
      ...(seen.size > 0 && { metadata_filter: { external_id: { nin: [...seen] } } }),
    })
    milliseconds ??= performance.now() - start
    // Whoever `auto` chose, it is its answer.
    if (retriever !== 'auto' && model.retriever !== retriever)
      throw new Error(`asked ${retriever}, but ${model.retriever} answered`)
    for (const { document_id, metadata } of results) {
      if (metadata.external_id !== undefined) seen.add(metadata.external_id)
      datasetIds(document_id).forEach(id => ranking.add(id))
    }
    if (results.length < TOP_K) break
  }
  return { ranking: [...ranking], milliseconds: milliseconds ?? 0 }
}
