import { z } from 'zod'

/** The retrievers there are; one file each in api/retrieval, registered in its index. */
export const retrieverNames = ['auto', 'hybrid', 'dense', 'bm25', 'parent_document', 'ensemble', 'fusion'] as const
export type RetrieverName = (typeof retrieverNames)[number]

/** Retrievers that others can be made of: they say what to look for before anything is searched. */
export const memberNames = ['dense', 'bm25', 'hybrid'] as const satisfies readonly RetrieverName[]
export type MemberName = (typeof memberNames)[number]

/** How lists become one; what each does is in docs/retrieval.md. */
export const fusionMethods = ['standard_score', 'min_max', 'rrf'] as const
export type FusionMethod = (typeof fusionMethods)[number]

/** Defaults of retrieval; the same shape in RagPipeline, RagTenant and the knowledge-base routes. */
export const retrievalSchema = z.strictObject({
  defaultRetriever: z
    .enum(retrieverNames)
    .default('auto')
    .describe('Retriever used when a request names none; `auto` chooses by what the knowledge base holds.'),
  topK: z.int().min(1).max(50).default(5).describe('How many results a request gets when it does not say.'),
  scoreThreshold: z.number().min(0).optional().describe('Results below this score are left out.'),
})

export type RetrievalSettings = z.infer<typeof retrievalSchema>
