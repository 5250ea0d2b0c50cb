import { answeringSchema, readAnswering } from '../../contract/answering.ts'
import { defined } from '../../contract/defined.ts'
import { modelChoiceSchema, readModelChoice } from '../../contract/model-reference.ts'
import { z } from 'zod'
import type { KnowledgeBaseState } from '../../services/knowledge-base-state.ts'
import type { KnowledgeBaseRow } from '../../stores/postgres/rows.ts'
import { entityTag, onlyIfSeen, requireSeen, unlessKnown, unlessSeen } from '../entity-tag.ts'
import { knowledgeBaseParams } from '../identifier.ts'
import { pageQuery, pageReply, pageRequest, pageSchema } from '../pagination.ts'
import { knowledgeBaseOrder } from '../../stores/postgres/knowledge-bases.ts'
import { defineRoute } from '../route.ts'
import { chunkingBody, readChunking, readRetrieval, retrievalSettingsBody, showChunking, showRetrieval } from './settings-shapes.ts' // prettier-ignore

const tags = ['knowledge bases']

const nameSchema = z
  .string()
  // Two spellings of one text, which nobody can tell apart, must not be two names.
  .normalize()
  .trim()
  .min(1)
  .max(100)
  .refine(name => !/\p{Cc}/u.test(name), 'must not hold control characters')

const settingsFields = z.object({
  id: z.uuid(),
  name: z.string(),
  description: z.string(),
  chunking: chunkingBody.describe('Its own settings; what is not here is the pipeline’s.'),
  retrieval: retrievalSettingsBody.describe('Its own settings; what is not here is the pipeline’s.'),
  answering: answeringSchema.describe('How answers from it are written.'),
  models: modelChoiceSchema.describe('Models that it chooses; what is not here is the tenant’s.'),
  managed_by: z.enum(['api', 'resource']).describe('`resource`: a RagTenant declares it, so HTTP cannot change it.'),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
})

/** What changes by itself. */
const stateFields = z.object({
  outdated_documents: z
    .int()
    .describe('Documents that were cut with other chunking settings than are in force now, and are until `POST /v1/documents/{id}/reprocess`.'), // prettier-ignore
  given_up: z
    .array(
      z.object({
        job: z.enum(['calibrate', 'summarize']).describe('`calibrate`: its statistics; `summarize`: the tree of `raptor`.'),
        code: z.string(),
        message: z.string(),
        at: z.iso.datetime(),
      }),
    )
    .describe('What a model refused for good when it was tried last. It is tried again when `retrieval` is set, a worker starts or a document changes.'), // prettier-ignore
})

const knowledgeBaseSchema = z.object({ ...settingsFields.shape, ...stateFields.shape }).meta({ id: 'KnowledgeBase' })

const createBody = z.strictObject({
  name: nameSchema.describe('Unique within the tenant.'),
  description: z.string().max(1024).default('').describe('What is in it, for people.'),
  chunking: chunkingBody.default({}).describe('How its documents are cut; what is left out is the pipeline’s.'),
  retrieval: retrievalSettingsBody
    .default({})
    .describe('How it is searched when a request says nothing; what is left out is the pipeline’s.'),
  answering: answeringSchema.default({}).describe('How answers from it are written.'),
  models: modelChoiceSchema
    .default({})
    .describe('Models that answer from it and rerank it; what is left out is the tenant’s.'),
})

const updateBody = z.strictObject({
  name: nameSchema.optional(),
  description: z.string().max(1024).optional(),
  chunking: chunkingBody.optional().describe('Replaces all of its chunking settings; documents keep their chunks until they are processed again.'), // prettier-ignore
  retrieval: retrievalSettingsBody.optional().describe('Replaces all of its retrieval settings.'),
  answering: answeringSchema.optional().describe('Replaces all of its answering settings.'),
  models: modelChoiceSchema.optional().describe('Replaces its choice of models.'),
})

export const listKnowledgeBases = defineRoute({
  method: 'get',
  path: '/v1/knowledge-bases',
  operationId: 'listKnowledgeBases',
  summary: 'List the knowledge bases that the key may use',
  tags,
  auth: { role: 'read' },
  query: pageQuery,
  responses: { 200: { description: 'Ordered by name.', schema: pageSchema(knowledgeBaseSchema) } },
  async handler({ scope, query, services }) {
    const found = await services.knowledgeBases.list(scope, pageRequest(query, knowledgeBaseOrder))
    const states = await services.knowledgeBases.states(scope, found.items)
    const showAll = (row: KnowledgeBaseRow) => ({ ...show(row), ...showState(states.get(row.id)) })
    return { status: 200, body: pageReply(found, query, knowledgeBaseOrder, showAll) }
  },
})

export const createKnowledgeBase = defineRoute({
  method: 'post',
  path: '/v1/knowledge-bases',
  operationId: 'createKnowledgeBase',
  summary: 'Create a knowledge base',
  tags,
  auth: { role: 'admin' },
  body: createBody,
  responses: { 201: { description: 'Created.', schema: knowledgeBaseSchema } },
  errors: ['CONFLICT', 'QUOTA_EXCEEDED'],
  async handler({ scope, body, caller, requestId, services }) {
    services.requestModels.check(body.models)
    const input = { ...body, chunking: readChunking(body.chunking), retrieval: readRetrieval(body.retrieval) }
    const row = await services.knowledgeBases.create(scope, input, { caller, requestId })
    return {
      status: 201,
      body: { ...show(row), ...showState() },
      headers: { Location: `/v1/knowledge-bases/${row.id}` },
    }
  },
})

export const getKnowledgeBase = defineRoute({
  method: 'get',
  path: '/v1/knowledge-bases/{id}',
  operationId: 'getKnowledgeBase',
  summary: 'Show a knowledge base',
  tags,
  auth: { role: 'read' },
  params: knowledgeBaseParams,
  headers: unlessKnown,
  responses: {
    200: { description: 'The knowledge base, with an ETag.', schema: knowledgeBaseSchema },
    304: { description: 'It is what If-None-Match names.' },
  },
  errors: ['KB_NOT_FOUND'],
  async handler({ scope, params, headers, services }) {
    const row = await services.knowledgeBases.get(scope, params.id)
    const state = showState((await services.knowledgeBases.states(scope, [row])).get(row.id))
    return unlessSeen({ ...show(row), ...state }, headers, entityTag(show(row), state))
  },
})

export const updateKnowledgeBase = defineRoute({
  method: 'patch',
  path: '/v1/knowledge-bases/{id}',
  operationId: 'updateKnowledgeBase',
  summary: 'Change a knowledge base',
  description: 'What is left out stays as it is.',
  tags,
  auth: { role: 'admin' },
  params: knowledgeBaseParams,
  headers: onlyIfSeen,
  body: updateBody,
  responses: { 200: { description: 'As it is now.', schema: knowledgeBaseSchema } },
  errors: ['KB_NOT_FOUND', 'CONFLICT', 'PRECONDITION_FAILED'],
  async handler({ scope, params, headers, body, caller, requestId, services }) {
    services.requestModels.check(body.models ?? {})
    const changes = defined({
      name: body.name,
      description: body.description,
      chunking: body.chunking && readChunking(body.chunking),
      retrieval: body.retrieval && readRetrieval(body.retrieval),
      answering: body.answering,
      models: body.models,
    })
    const check = (row: KnowledgeBaseRow) => requireSeen(show(row), headers)
    const row = await services.knowledgeBases.update(scope, params.id, changes, { caller, requestId }, check)
    const state = showState((await services.knowledgeBases.states(scope, [row])).get(row.id))
    return { status: 200, body: { ...show(row), ...state }, headers: { ETag: entityTag(show(row), state) } }
  },
})

export const deleteKnowledgeBase = defineRoute({
  method: 'delete',
  path: '/v1/knowledge-bases/{id}',
  operationId: 'deleteKnowledgeBase',
  summary: 'Delete a knowledge base with all its documents',
  description: 'It is gone at once for everybody; its documents and vectors are deleted in the background.',
  tags,
  auth: { role: 'admin' },
  params: knowledgeBaseParams,
  headers: onlyIfSeen,
  responses: { 204: { description: 'Deleted.' } },
  errors: ['KB_NOT_FOUND', 'CONFLICT', 'PRECONDITION_FAILED'],
  async handler({ scope, params, headers, caller, requestId, services }) {
    const check = (row: KnowledgeBaseRow) => requireSeen(show(row), headers)
    await services.knowledgeBases.remove(scope, params.id, { caller, requestId }, check)
    return { status: 204 }
  },
})

function show(row: KnowledgeBaseRow): z.output<typeof settingsFields> {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    chunking: showChunking(row.chunking),
    retrieval: showRetrieval(row.retrieval),
    answering: readAnswering(row.settings),
    models: readModelChoice(row.settings),
    managed_by: row.managed_by,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  }
}

/** Of a new one, when none is given. */
function showState(
  { outdatedDocuments, givenUp }: KnowledgeBaseState = { outdatedDocuments: 0, givenUp: [] },
): z.output<typeof stateFields> {
  return {
    outdated_documents: outdatedDocuments,
    given_up: givenUp.map(({ kind, error, finished_at }) => ({
      job: kind,
      code: error?.code ?? 'INTERNAL_ERROR',
      message: error?.message ?? '',
      at: finished_at!.toISOString(),
    })),
  }
}
