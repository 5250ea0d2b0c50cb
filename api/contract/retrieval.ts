import { z } from 'zod'

/** The retrievers there are; one file each in api/retrieval, registered in its index. */
export const retrieverNames = [
  'auto',
  'hybrid',
  'dense',
  'bm25',
  'parent_document',
  'ensemble',
  'fusion',
  'hyde',
  'multi_query',
  'self_query',
  'raptor',
] as const
export type RetrieverName = (typeof retrieverNames)[number]

/** Retrievers that others can be made of: they say what to look for before anything is searched. */
export const memberNames = [
  'dense',
  'bm25',
  'hybrid',
  'hyde',
  'multi_query',
] as const satisfies readonly RetrieverName[]
export type MemberName = (typeof memberNames)[number]

/** How lists become one; what each does is in docs/retrieval.md. */
export const fusionMethods = ['standard_score', 'min_max', 'rrf'] as const
export type FusionMethod = (typeof fusionMethods)[number]

/** What changes a question before it is searched; one file each in api/retrieval/query-transforms. */
export const queryTransformNames = ['none', 'hyde', 'rewrite', 'decomposition', 'routing'] as const
export type QueryTransformName = (typeof queryTransformNames)[number]

/** What orders results anew. */
export const rerankModes = ['none', 'auto', 'model', 'llm', 'mmr'] as const
export type RerankMode = (typeof rerankModes)[number]

/** What a result stands for: one chunk of several that a document may have, or the document. */
export const resultGroupings = ['chunk', 'document'] as const
export type ResultGrouping = (typeof resultGroupings)[number]

/** Defaults of retrieval; the same shape in RagPipeline, RagTenant and the knowledge-base routes. */
export const retrievalSchema = z.strictObject({
  defaultRetriever: z
    .enum(retrieverNames)
    .default('auto')
    .describe('Retriever used when a request names none; `auto` chooses by what the knowledge base holds.'),
  topK: z.int().min(1).max(50).default(5).describe('How many results a request gets when it does not say.'),
  scoreThreshold: z.number().min(0).optional().describe('Results below this score are left out.'),
  rerank: z
    .enum(rerankModes)
    .default('none')
    .describe(
      'What orders results anew: `model`, the reranking model; `llm`, the language model; `mmr`, which asks none and puts unlike results first; `auto`, the first of these that there is.',
    ),
  queryTransform: z
    .enum(queryTransformNames)
    .default('none')
    .describe(
      'What the language model does to a question first: `hyde`, write a passage to look for; `rewrite`; `decomposition`, split it; `routing`, choose knowledge bases. Without one, nothing.',
    ),
  contextWindow: z
    .int()
    .min(0)
    .max(5)
    .default(0)
    .describe('How many chunks before and after each result are given with it.'),
})

export type RetrievalSettings = z.infer<typeof retrievalSchema>
