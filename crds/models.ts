import { z } from 'zod'
import { embeddingProviders, llmProviders, rerankProviders } from '../api/contract/model-providers.ts'
import { httpUrlSchema } from './http-url.ts'
import { withRule } from './rule.ts'
import { secretKeyRef } from './secret-ref.ts'

/** What provider `local` uses when the resource names no model. */
export const LOCAL_EMBEDDING = { model: 'bge-small-en-v1.5', dimension: 384 } as const

const apiKeySecretRef = secretKeyRef('api-key', 'the API key').optional().describe('Secret with the key of the provider.') // prettier-ignore
const baseUrl = httpUrlSchema.optional().describe('Address of the provider; absent: the one of the provider in docs/models.md. Needed with azure.') // prettier-ignore
const model = z.string().min(1).max(253)
const references = ([, ...providers]: readonly string[], description: string) =>
  z
    .array(
      z
        .string()
        .max(300)
        .regex(new RegExp(`^(${providers.join('|')}):[^,\\s]+$`), `must be provider:model, with a provider of ${providers.join(', ')}`)
        .describe('Such as openai:gpt-4o-mini.'), // prettier-ignore
    )
    .max(32)
    .default([])
    .describe(`${description} The keys of their providers go into spec.api.env.`)

const offered = (variable: string) =>
  `Others that requests, knowledge bases, tenants and the system may choose, as provider:model (${variable}).`

const embedding = withRule(
  z.strictObject({
    provider: z
      .enum(embeddingProviders)
      .default('local')
      .describe('Who makes vectors: `local` (an ONNX model inside the pods), `openai` for any OpenAI-compatible service, the others by their names, or `none` (BM25 only).'), // prettier-ignore
    model: model.optional().describe('Model; absent with provider local: bge-small-en-v1.5. Another model is another vector space: see status.embedding.'), // prettier-ignore
    dimension: z.int().min(1).max(65_535).optional().describe(`Length of the model's vectors; needed with all providers but local and none.`), // prettier-ignore
    baseUrl,
    apiKeySecretRef,
    batchSize: z.int().min(1).max(2048).default(32).describe('Texts sent to the model at once.'),
  }),
  {
    cel: `self.provider in ['none', 'local'] || has(self.model)`,
    test: ({ provider, model }) => provider === 'none' || provider === 'local' || model !== undefined,
    message: 'model must be set with every provider but local and none, such as text-embedding-3-small',
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
  message: `provider local has the model ${LOCAL_MODEL} with ${LOCAL_DIMENSION} dimensions alone; leave both out, or choose another provider`,
})

const llm = withRule(
  z.strictObject({
    provider: z.enum(llmProviders).default('none').describe('Who writes answers; `none`: answers are sentences taken from the documents.'), // prettier-ignore
    model: model.optional().describe('Model of the provider; with azure the deployment.'),
    baseUrl,
    apiKeySecretRef,
    fallbacks: references(llmProviders, 'Asked in this order when the model fails, as provider:model (LLM_FALLBACKS).'),
    choices: references(llmProviders, offered('LLM_CHOICES')),
  }),
  {
    cel: "self.provider == 'none' || has(self.model)",
    test: ({ provider, model }) => provider === 'none' || model !== undefined,
    message: 'model must be set with every provider but none, such as gpt-4o-mini or llama3.1',
  },
)

const reranker = withRule(
  z.strictObject({
    provider: z.enum(rerankProviders).default('none').describe('Who reranks results; `none`: nobody.'),
    model: model.optional().describe('Model of the provider, such as rerank-v3.5.'),
    baseUrl,
    apiKeySecretRef,
    choices: references(rerankProviders, offered('RERANK_CHOICES')),
  }),
  {
    cel: "self.provider == 'none' || has(self.model)",
    test: ({ provider, model }) => provider === 'none' || model !== undefined,
    message: 'model must be set with every provider but none, such as rerank-v3.5 or bge-reranker-v2-m3',
  },
)

export const modelsSchema = z.strictObject({
  embedding: knownLocalEmbedding.prefault({}).describe('What turns text into vectors.'),
  llm: llm.prefault({}).describe('What writes answers.'),
  reranker: reranker.prefault({}).describe('What reorders results.'),
})
