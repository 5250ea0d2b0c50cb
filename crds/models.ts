import { z } from 'zod'
import { embeddingProviders, llmProviders } from '../api/contract/configuration.ts'
import { httpUrlSchema } from './http-url.ts'
import { withRule } from './rule.ts'
import { secretKeyRef } from './secret-ref.ts'

/** What provider `local` uses when the resource names no model. */
export const LOCAL_EMBEDDING = { model: 'bge-small-en-v1.5', dimension: 384 } as const

const apiKeySecretRef = secretKeyRef('api-key', 'the API key').optional().describe('Secret with the key of the provider.') // prettier-ignore
const baseUrl = httpUrlSchema.optional().describe('Address of the provider; absent: https://api.openai.com/v1 for openai, http://localhost:11434 for ollama.') // prettier-ignore
const model = z.string().min(1).max(253)

const embedding = withRule(
  z.strictObject({
    provider: z
      .enum(embeddingProviders)
      .default('local')
      .describe('Who makes vectors: `local` (an ONNX model inside the pods), any OpenAI-compatible service, Ollama, or `none` (BM25 only).'), // prettier-ignore
    model: model.optional().describe('Model; absent with provider local: bge-small-en-v1.5. Another model is another vector space: see status.embedding.'), // prettier-ignore
    dimension: z.int().min(1).max(65_535).optional().describe(`Length of the model's vectors; needed with openai and ollama.`), // prettier-ignore
    baseUrl,
    apiKeySecretRef,
    batchSize: z.int().min(1).max(2048).default(32).describe('Texts sent to the model at once.'),
  }),
  {
    cel: `self.provider in ['none', 'local'] || has(self.model)`,
    test: ({ provider, model }) => provider === 'none' || provider === 'local' || model !== undefined,
    message: 'model must be set with provider openai or ollama, such as text-embedding-3-small',
  },
)

const embeddingWithDimension = withRule(embedding, {
  cel: "self.provider in ['none', 'local'] || has(self.dimension)",
  test: ({ provider, dimension }) => provider === 'none' || provider === 'local' || dimension !== undefined,
  message: "dimension must be set to the length of the model's vectors, such as 1536",
})

// One that the pods could not run would be refused by them anyway, later and less visibly.
const { model: LOCAL_MODEL, dimension: LOCAL_DIMENSION } = LOCAL_EMBEDDING
const knownLocalEmbedding = withRule(embeddingWithDimension, {
  cel: `self.provider != 'local' || ((!has(self.model) || self.model == '${LOCAL_MODEL}') && (!has(self.dimension) || self.dimension == ${LOCAL_DIMENSION}))`,
  test: ({ provider, model = LOCAL_MODEL, dimension = LOCAL_DIMENSION }) =>
    provider !== 'local' || (model === LOCAL_MODEL && dimension === LOCAL_DIMENSION),
  message: `provider local has the model ${LOCAL_MODEL} with ${LOCAL_DIMENSION} dimensions alone; leave both out, or set provider to openai or ollama`,
})

const llm = withRule(
  z.strictObject({
    provider: z.enum(llmProviders).default('none').describe('Who writes answers; `none`: answers are sentences taken from the documents.'), // prettier-ignore
    model: model.optional().describe('Model of the provider.'),
    baseUrl,
    apiKeySecretRef,
  }),
  {
    cel: "self.provider == 'none' || has(self.model)",
    test: ({ provider, model }) => provider === 'none' || model !== undefined,
    message: 'model must be set with provider openai or ollama, such as gpt-4o-mini or llama3.1',
  },
)

export const modelsSchema = z.strictObject({
  embedding: knownLocalEmbedding.prefault({}).describe('What turns text into vectors.'),
  llm: llm.prefault({}).describe('What writes answers.'),
  reranker: z
    .strictObject({
      provider: z.enum(['none']).default('none').describe('Who reranks results. Rerankers come with a later release; `none` is the only value until then.'), // prettier-ignore
    })
    .prefault({})
    .describe('What reorders results.'),
})
