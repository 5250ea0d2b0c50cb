import { z } from 'zod'
import type { Embeddings } from '../../../services/embeddings.ts'
import { defineRoute } from '../../route.ts'

const MOST_TEXTS = 2048
const LONGEST_TEXT = 100_000

const textSchema = z.string().min(1, 'must not be empty').max(LONGEST_TEXT)

const embeddingsBody = z.strictObject({
  model: z.string().min(1).max(200).describe('The embedding model of the service; GET /v1/models lists it.'),
  input: z
    .union([textSchema, z.array(textSchema).min(1).max(MOST_TEXTS)], {
      error: ({ input }) => (isTokens(input) ? 'holds token ids, which only their own model understands; send the text (LangChain: check_embedding_ctx_length=False)' : undefined), // prettier-ignore
    })
    .describe('A text, or up to 2,048. What is longer than the model reads is cut.'),
  encoding_format: z.enum(['float', 'base64']).default('float').describe('base64: of float32 values, little endian.'),
  dimensions: z.int().min(1).nullish().describe('Must be the model’s own.'),
  user: z.string().nullish().describe('Ignored.'),
})

const embeddingsSchema = z.object({
  object: z.literal('list'),
  data: z.array(
    z.object({
      object: z.literal('embedding'),
      index: z.int(),
      embedding: z.union([z.array(z.number()), z.string()]).describe('As `encoding_format` says.'),
    }),
  ),
  model: z.string(),
  usage: z
    .object({ prompt_tokens: z.int(), total_tokens: z.int() })
    .describe('Counted as OpenAI’s newer models count, whatever the model.'),
})

export const embeddings = defineRoute({
  method: 'post',
  path: '/v1/embeddings',
  operationId: 'createEmbeddings',
  summary: 'Embed texts with the model that documents are embedded with',
  tags: ['OpenAI'],
  auth: { role: 'read' },
  errorShape: 'openai',
  body: embeddingsBody,
  responses: {
    200: {
      description: 'One vector a text, of unit length.',
      schema: embeddingsSchema,
    },
  },
  errors: ['MODEL_NOT_FOUND', 'KB_CONFIG_ERROR', 'UPSTREAM_ERROR'],
  async handler({ body, services, signal }) {
    const texts = typeof body.input === 'string' ? [body.input] : body.input
    const dimensions = body.dimensions ?? undefined
    const embedded = await services.embeddings.embed({ model: body.model, texts, dimensions, signal })
    return { status: 200, body: show(embedded, body.encoding_format) }
  },
})

function show({ vectors, model, tokens }: Embeddings, format: 'float' | 'base64'): z.output<typeof embeddingsSchema> {
  const encode = format === 'base64' ? base64 : (vector: Float32Array) => [...vector]
  return {
    object: 'list',
    data: vectors.map((vector, index) => ({ object: 'embedding', index, embedding: encode(vector) })),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  }
}

function base64({ buffer, byteOffset, byteLength }: Float32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64')
}

/** `[1, 2]` or `[[1, 2], [3]]`. */
function isTokens(input: unknown): boolean {
  return Array.isArray(input) && input.length > 0 && input.flat().every(item => typeof item === 'number')
}
