import { z } from 'zod'
import { chunkingSchema } from '../api/contract/chunking.ts'
import { retrievalSchema } from '../api/contract/retrieval.ts'
import { answeringSchema } from '../api/contract/answering.ts'
import { modelChoiceSchema } from './model-choice.ts'
import { withRule } from './rule.ts'

const { chunker, chunkSize, chunkOverlap, enrichers } = chunkingSchema.shape
const { defaultRetriever, topK, scoreThreshold, rerank, queryTransform, contextWindow } = retrievalSchema.shape

/** Same fields and bounds as the pipeline's, without defaults: what is left out is the pipeline's, also after it changes. */
const ownChunkingSchema = withRule(
  z.strictObject({
    chunker: chunker.unwrap().optional().describe(`${chunker.description} Absent: the pipeline's.`),
    chunkSize: chunkSize.unwrap().optional().describe(`${chunkSize.description} Absent: the pipeline's.`),
    chunkOverlap: chunkOverlap.unwrap().optional().describe(`${chunkOverlap.description} Absent: the pipeline's.`),
    enrichers: enrichers.unwrap().optional().describe(`${enrichers.description} Absent: the pipeline's.`),
  }),
  {
    cel: '!has(self.chunkSize) || !has(self.chunkOverlap) || self.chunkOverlap * 2 <= self.chunkSize',
    test: ({ chunkSize, chunkOverlap }) =>
      chunkSize === undefined || chunkOverlap === undefined || chunkOverlap * 2 <= chunkSize,
    message: 'chunkOverlap must be at most half of chunkSize',
  },
)

const ownRetrievalSchema = z.strictObject({
  defaultRetriever: defaultRetriever.unwrap().optional().describe(`${defaultRetriever.description} Absent: the pipeline's.`), // prettier-ignore
  topK: topK.unwrap().optional().describe(`${topK.description} Absent: the pipeline's.`),
  scoreThreshold,
  rerank: rerank.unwrap().optional().describe(`${rerank.description} Absent: the pipeline's.`),
  queryTransform: queryTransform.unwrap().optional().describe(`${queryTransform.description} Absent: the pipeline's.`),
  contextWindow: contextWindow.unwrap().optional().describe(`${contextWindow.description} Absent: the pipeline's.`),
})

/** 63 characters of lower-case letters, digits and hyphens. Knowledge bases made over HTTP may have freer names. */
export const knowledgeBaseNameSchema = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be lower-case letters, digits and inner hyphens')

export const knowledgeBaseSchema = z
  .strictObject({
    name: knowledgeBaseNameSchema.describe('Name, unique within the tenant; lower-case letters, digits and hyphens.'),
    description: z.string().max(1024).default('').describe('What is in it, for people.'),
    chunking: ownChunkingSchema.prefault({}).describe('How its documents are cut.'),
    retrieval: ownRetrievalSchema.prefault({}).describe('How it is searched when a request says nothing.'),
    models: modelChoiceSchema.describe('Which models it is searched and answered with when a request names none; above the tenant\'s.'), // prettier-ignore
    answering: answeringSchema.optional().describe('How answers from it are written; above the tenant\'s.'), // prettier-ignore
  })
  .describe('A knowledge base that this resource declares; it cannot be changed or deleted over HTTP.')
