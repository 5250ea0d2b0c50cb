import { z } from 'zod'

/** The retrievers there are; one file each in api/retrieval, registered in its index. */
export const retrieverNames = ['dense', 'bm25', 'hybrid'] as const
export type RetrieverName = (typeof retrieverNames)[number]

/** Defaults of retrieval; the same shape in RagPipeline, RagTenant and the knowledge-base routes. */
export const retrievalSchema = z.strictObject({
  defaultRetriever: z.enum(retrieverNames).default('hybrid').describe('Retriever used when a request names none.'),
  topK: z.int().min(1).max(50).default(5).describe('How many results a request gets when it does not say.'),
  scoreThreshold: z.number().min(0).optional().describe('Results below this score are left out.'),
})

export type RetrievalSettings = z.infer<typeof retrievalSchema>
