import { z } from 'zod'
import { defined } from '../../contract/defined.ts'
import { ApiError } from '../../contract/error-codes.ts'
import { modelChoiceSchema } from '../../contract/model-reference.ts'
import {
  type RetrieverName,
  fusionMethods,
  memberNames,
  queryTransformNames,
  rerankModes,
  resultGroupings,
  retrievalSchema,
  retrieverNames,
} from '../../contract/retrieval.ts'
import { metadataFilterSchema } from '../../retrieval/filters/schema.ts'
import type { FusionChoice, RetrievedChunk } from '../../retrieval/retriever.ts'
import {
  type EmbeddingInfo,
  MAX_QUERY_CHARACTERS,
  type RetrievalRequest,
  type RetrievalResult,
} from '../../services/retrieval.ts'
import { defineRoute } from '../route.ts'

const described = (setting: keyof typeof retrievalSchema.shape) => retrievalSchema.shape[setting].description ?? ''

const weight = z.number().positive().max(1000).optional()

const fusionBody = z
  .strictObject({
    method: z
      .enum(fusionMethods)
      .optional()
      .describe(
        '`standard_score` (the default) weighs each list by how sure it is, question by question; `min_max` by scores brought to 0…1; `rrf` by ranks only.',
      ),
    weights: z
      .strictObject({ dense: weight, bm25: weight, hybrid: weight, hyde: weight, multi_query: weight })
      .optional()
      .describe(
        'How much each list counts for, beside the others; 1 when not named. The method is then `min_max` unless `rrf` is named.',
      ),
    retrievers: z
      .array(z.enum(memberNames))
      .min(1)
      .max(memberNames.length)
      .optional()
      .describe(
        'Who takes part in the retrievers `fusion` (default: dense, bm25, hybrid) and `ensemble` (dense, bm25).',
      ),
  })
  .refine(({ method, weights }) => !(weights && method === 'standard_score'), {
    path: ['weights'],
    message: 'standard_score weighs for itself; leave weights out, or choose min_max or rrf',
  })
  .describe('How several lists become one, for the retrievers `hybrid`, `fusion` and `ensemble`.')

/** What every endpoint that retrieves takes. */
export const retrievalBody = z.strictObject({
  query: z
    .string()
    .min(1)
    .max(
      MAX_QUERY_CHARACTERS,
      `must have at most ${MAX_QUERY_CHARACTERS} characters; send the question, not the document`,
    )
    .describe('The question, in the words of whoever asks.'),
  knowledge_base_ids: z
    .array(z.string().min(1).max(100))
    .max(100)
    .default([])
    .describe('Knowledge bases to search; none named: all that the key may read.'),
  top_k: z.int().min(1).max(50).optional().describe('Most results to give; default: of the knowledge base, else 5.'),
  score_threshold: z
    .number()
    .optional()
    .describe('Leave out results with a lower score. What a score is depends on the retriever.'),
  metadata_filter: metadataFilterSchema.nullish(),
  retriever: z
    .enum(retrieverNames)
    .optional()
    .describe(
      '`auto` chooses by what the knowledge base holds; `dense`: by meaning; `bm25`: by words; `hybrid`: both; `parent_document`: both, and the larger passages around what was found; `ensemble`, `fusion`: several, by rank or by score; `hyde`, `multi_query` and `self_query` ask the LLM for a passage, other wordings or a filter first, and are `hybrid` without one. Default: of the knowledge base, else `auto`. docs/retrieval.md says which when.',
    ),
  fusion: fusionBody.optional(),
  model: modelChoiceSchema
    .optional()
    .describe('Models for this request, above those of knowledge base, tenant, system and environment.'),
  rerank: z
    .union([z.boolean(), z.enum(rerankModes)])
    .optional()
    .describe(
      `${described('rerank')} \`true\` is \`auto\`, \`false\` is \`none\`. Default: of the knowledge base, else none.`,
    ),
  query_transform: z
    .enum(queryTransformNames)
    .optional()
    .describe(`${described('queryTransform')} Default: of the knowledge base, else none.`),
  context_window: z
    .int()
    .min(0)
    .max(5)
    .optional()
    .describe(`${described('contextWindow')} Default: of the knowledge base, else 0.`),
  group_by: z
    .enum(resultGroupings)
    .optional()
    .describe(
      'What a result stands for: `chunk` (the default), or `document`, each once as its best chunk, with the score of that chunk and in `group` all of its chunks that were found.',
    ),
  include_trace: z.boolean().default(false).describe('Also tell how the results came about.'),
})

export const chunkSchema = z.object({
  chunk_id: z.uuid(),
  document_id: z.uuid(),
  knowledge_base_id: z.uuid(),
  text: z.string(),
  passage: z
    .object({ start: z.int(), end: z.int(), chunk_ids: z.array(z.uuid()) })
    .nullable()
    .describe(
      'Where `text` stands in the document (UTF-16 code units, `end` excluded) when it is more than the chunk itself, and the chunks that it was found by or is made of; else null.',
    ),
  group: z
    .object({ chunks: z.int(), chunk_ids: z.array(z.uuid()) })
    .nullable()
    .describe(
      'With `group_by: document`: how many of the candidates are chunks of this document, and which, best first; else null.',
    ),
  score: z
    .number()
    .describe('What the results are ordered by: cosine (dense), BM25 (bm25), 0 to 1 and relative (all others).'),
  scores: z
    .object({ dense: z.number().nullable(), bm25: z.number().nullable(), rerank: z.number().nullable() })
    .describe('What each way of searching gave the chunk; null where it did not find it or was not used.'),
  metadata: z.record(z.string(), z.unknown()),
})

export const modelSchema = z.object({
  retriever: z.enum(retrieverNames).describe('Who found the results.'),
  requested_retriever: z
    .enum(retrieverNames)
    .describe('Who was asked; another than `retriever` for `auto`, and when no embedding model is at hand.'),
  embedding: z
    .object({ provider: z.string(), model: z.string(), dimension: z.int(), fingerprint: z.string() })
    .nullable()
    .describe('What embedded the query; null when nothing did.'),
})

export const timingsSchema = z.record(z.string(), z.number()).describe('Milliseconds a stage, and in `total`.')
export const traceSchema = z.record(z.string(), z.unknown()).describe('With include_trace only.')

export const retrieve = defineRoute({
  method: 'post',
  path: '/v1/retrieve',
  operationId: 'retrieve',
  summary: 'Find the chunks that fit a question',
  tags: ['retrieval'],
  auth: { role: 'read' },
  body: retrievalBody,
  responses: {
    200: {
      description: 'The chunks, best first.',
      schema: z.object({
        results: z.array(chunkSchema),
        model: modelSchema,
        timings_ms: timingsSchema,
        trace: traceSchema.optional(),
      }),
    },
  },
  errors: ['KB_NOT_FOUND', 'KB_CONFIG_ERROR', 'UPSTREAM_ERROR'],
  async handler({ scope, body, services, signal, log }) {
    const started = performance.now()
    const found = await services.retrieval.retrieve(scope, { ...retrievalRequest(body), signal })
    log.info(retrievalFields(found, started), 'retrieved')
    return {
      status: 200,
      timings: found.timingsMs,
      body: {
        results: found.chunks.map(showChunk),
        model: showModel(found.retriever, found.requestedRetriever, found.embedding),
        timings_ms: found.timingsMs,
        ...(body.include_trace && { trace: found.trace }),
      },
    }
  },
})

/** A body in the words of the service. */
export function retrievalRequest(body: Omit<z.output<typeof retrievalBody>, 'include_trace'>): RetrievalRequest {
  return {
    query: body.query,
    knowledgeBaseIds: body.knowledge_base_ids,
    topK: body.top_k,
    scoreThreshold: body.score_threshold,
    metadataFilter: body.metadata_filter,
    retriever: body.retriever,
    model: body.model,
    fusion: body.fusion && readFusion(body.fusion, body.retriever),
    rerank: typeof body.rerank === 'boolean' ? (body.rerank ? 'auto' : 'none') : body.rerank,
    queryTransform: body.query_transform,
    contextWindow: body.context_window,
    groupBy: body.group_by,
  }
}

/** Retrievers that are made of others. */
const joining: readonly RetrieverName[] = ['fusion', 'ensemble']

/** @param retriever that the request names: the default of a knowledge base may be one that has no use for the members */
function readFusion(
  { method, weights, retrievers }: z.output<typeof fusionBody>,
  retriever: RetrieverName | undefined,
): FusionChoice {
  if (retrievers && retriever && !joining.includes(retriever))
    throw new ApiError('VALIDATION_ERROR', `fusion.retrievers has no effect on the retriever ${retriever}; leave it out, or choose fusion or ensemble`) // prettier-ignore
  return {
    ...(method && { method }),
    ...(weights && { weights: defined(weights) }),
    ...(retrievers && { retrievers: [...new Set(retrievers)] }),
  }
}

/** What the log says of a retrieval; never the question or a text. */
export function retrievalFields(found: RetrievalResult, started: number) {
  return {
    retriever: found.retriever,
    top_k: found.topK,
    result_count: found.chunks.length,
    duration_ms: Math.round((performance.now() - started) * 100) / 100,
  }
}

export function showChunk(chunk: RetrievedChunk): z.output<typeof chunkSchema> {
  return {
    chunk_id: chunk.chunkId,
    document_id: chunk.documentId,
    knowledge_base_id: chunk.knowledgeBaseId,
    text: chunk.text,
    passage: chunk.passage
      ? { start: chunk.passage.start, end: chunk.passage.end, chunk_ids: [...chunk.passage.chunkIds] }
      : null,
    group: chunk.group ? { chunks: chunk.group.chunkIds.length, chunk_ids: [...chunk.group.chunkIds] } : null,
    score: chunk.score,
    scores: {
      dense: chunk.scores.dense ?? null,
      bm25: chunk.scores.bm25 ?? null,
      rerank: chunk.scores.rerank ?? null,
    },
    metadata: { ...chunk.metadata },
  }
}

export function showModel(
  retriever: RetrievalResult['retriever'],
  requested: RetrievalResult['requestedRetriever'],
  embedding: EmbeddingInfo | null,
) {
  return { retriever, requested_retriever: requested, embedding }
}
