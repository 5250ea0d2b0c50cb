import { chunkingSchema } from '../api/contract/chunking.ts'
import { retrievalSchema } from '../api/contract/retrieval.ts'
import { withCelRule } from './rule.ts'

/** The contract's own schemas, with their rule in CEL as well: what knowledge bases get that choose nothing. */
export const pipelineChunkingSchema = withCelRule(
  chunkingSchema,
  'self.chunkOverlap * 2 <= self.chunkSize',
  'chunkOverlap must be at most half of chunkSize',
)

export const pipelineRetrievalSchema = retrievalSchema
