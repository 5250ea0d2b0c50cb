import { z } from 'zod'
import { COLLECTION_PREFIX_PATTERN } from '../api/contract/names.ts'
import { httpUrlSchema } from './http-url.ts'
import { immutable, withCelRule, withRule } from './rule.ts'
import { secretKeyRef } from './secret-ref.ts'

const hnswSchema = z.strictObject({
  m: z.int().min(2).max(128).default(16).describe('Edges of each node of the graph; more is better recall and more memory.'), // prettier-ignore
  efConstruct: z.int().min(4).max(2048).default(100).describe('Neighbours considered while the graph is built.'),
  fullScanThreshold: z.int().min(10).max(10_000_000).default(10_000).describe('Size in KiB below which Qdrant searches without the graph; not used by pgvector.'), // prettier-ignore
})

const fields = z.strictObject({
  engine: immutable(
    z.enum(['qdrant', 'pgvector']).default('qdrant').describe('What keeps the vectors: `qdrant`, or `pgvector` in the database itself. Cannot be changed.'), // prettier-ignore
    'the engine cannot be changed: vectors are not moved between engines; make another RagPipeline and ingest there',
  ),
  url: httpUrlSchema.optional().describe('REST address of Qdrant 1.16 or newer; needed with engine qdrant.'),
  apiKeySecretRef: secretKeyRef('api-key', 'the API key').optional().describe('Secret with the API key of Qdrant.'),
  collectionPrefix: z
    .string()
    .min(1)
    .max(64)
    .regex(COLLECTION_PREFIX_PATTERN, 'must be letters, digits, _ and -, with a letter or digit at both ends')
    .optional()
    .describe('Beginning of the names of all collections of this pipeline; absent: its name. Cannot be changed.'),
  hnsw: hnswSchema.prefault({}).describe('The search graph of the dense vectors.'),
  quantization: z.enum(['none', 'scalar', 'binary']).default('none').describe('Compression of the dense vectors in memory; qdrant only.'), // prettier-ignore
  onDisk: z.boolean().default(false).describe('Keep the dense vectors on disk instead of in memory; qdrant only.'),
  shardNumber: z.int().min(1).max(1000).optional().describe('Shards of each collection; absent: Qdrant decides. Only used when a collection is created.'), // prettier-ignore
  replicationFactor: z.int().min(1).max(100).optional().describe('Copies of each shard; absent: Qdrant decides. Only used when a collection is created.'), // prettier-ignore
})

const withUrl = withRule(fields, {
  cel: "self.engine != 'qdrant' || has(self.url)",
  test: ({ engine, url }) => engine !== 'qdrant' || url !== undefined,
  message: 'url must be set when engine is qdrant, such as http://qdrant:6333 (or set engine: pgvector)',
})

const withoutUrl = withRule(withUrl, {
  cel: "self.engine != 'pgvector' || (!has(self.url) && !has(self.apiKeySecretRef))",
  test: ({ engine, url, apiKeySecretRef }) =>
    engine !== 'pgvector' || (url === undefined && apiKeySecretRef === undefined),
  message: 'url and apiKeySecretRef are for engine qdrant; leave them out with engine pgvector',
})

export const vectorsSchema = withCelRule(
  withoutUrl,
  'has(self.collectionPrefix) == has(oldSelf.collectionPrefix) && (!has(self.collectionPrefix) || self.collectionPrefix == oldSelf.collectionPrefix)',
  'collectionPrefix cannot be changed: the collections that exist bear the old one; make another RagPipeline',
).describe('Where the vectors are kept.')
