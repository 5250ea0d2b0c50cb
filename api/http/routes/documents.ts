import { onlyIfSeen, requireSeen, unlessKnown, unlessSeen } from '../entity-tag.ts'
import { documentParams, knowledgeBaseParams } from '../identifier.ts'
import { pageQuery, pageReply, pageRequest, pageSchema } from '../pagination.ts'
import { defined } from '../../contract/defined.ts'
import { chunkOrder } from '../../stores/postgres/chunks.ts'
import { documentOrder } from '../../stores/postgres/documents.ts'
import { defineRoute } from '../route.ts'
import { acceptedSchema, chunkSchema, documentSchema, documentStatusSchema, documentStatusViewSchema, externalIdSchema } from './document-shapes.ts' // prettier-ignore

const tags = ['documents']

export const listDocuments = defineRoute({
  method: 'get',
  path: '/v1/knowledge-bases/{id}/documents',
  operationId: 'listDocuments',
  summary: 'List the documents of a knowledge base',
  tags,
  auth: { role: 'read' },
  params: knowledgeBaseParams,
  query: pageQuery.extend({
    status: documentStatusSchema.exclude(['deleting']).optional(),
    external_id: externalIdSchema.optional().describe('The document that you know by this id, or none.'),
  }),
  responses: { 200: { description: 'Oldest first.', schema: pageSchema(documentSchema) } },
  errors: ['KB_NOT_FOUND'],
  async handler({ scope, params, query, services }) {
    const { status, external_id } = query
    const found = await services.documents.list(scope, params.id, pageRequest(query, documentOrder), defined({ status, external_id })) // prettier-ignore
    return {
      status: 200,
      body: pageReply(found, query, documentOrder, view => ({ ...view, metadata: { ...view.metadata } })),
    }
  },
})

export const getDocument = defineRoute({
  method: 'get',
  path: '/v1/documents/{id}',
  operationId: 'getDocument',
  summary: 'Show a document',
  tags,
  auth: { role: 'read' },
  params: documentParams,
  headers: unlessKnown,
  responses: {
    200: { description: 'The document, without its text, with an ETag.', schema: documentSchema },
    304: { description: 'It is what If-None-Match names.' },
  },
  errors: ['DOC_NOT_FOUND'],
  async handler({ scope, params, headers, services }) {
    const view = await services.documents.get(scope, params.id)
    return unlessSeen({ ...view, metadata: { ...view.metadata } }, headers)
  },
})

export const deleteDocument = defineRoute({
  method: 'delete',
  path: '/v1/documents/{id}',
  operationId: 'deleteDocument',
  summary: 'Delete a document',
  description: 'It is gone at once for everybody; its chunks and vectors are deleted in the background.',
  tags,
  auth: { role: 'write' },
  params: documentParams,
  headers: onlyIfSeen,
  responses: { 202: { description: 'It will not be found any more.', schema: acceptedSchema } },
  errors: ['DOC_NOT_FOUND', 'PRECONDITION_FAILED'],
  async handler({ scope, params, headers, caller, requestId, services }) {
    const check = (document: object) => requireSeen(document, headers)
    return { status: 202, body: await services.documents.remove(scope, params.id, { caller, requestId }, check) }
  },
})

export const listChunks = defineRoute({
  method: 'get',
  path: '/v1/documents/{id}/chunks',
  operationId: 'listChunks',
  summary: 'List the chunks of a document',
  tags,
  auth: { role: 'read' },
  params: documentParams,
  query: pageQuery,
  responses: { 200: { description: 'In the order of the text.', schema: pageSchema(chunkSchema) } },
  errors: ['DOC_NOT_FOUND'],
  async handler({ scope, params, query, services }) {
    const found = await services.documents.chunks(scope, params.id, pageRequest(query, chunkOrder))
    return {
      status: 200,
      body: pageReply(found, query, chunkOrder, view => ({ ...view, headings: [...view.headings] })),
    }
  },
})

export const getDocumentStatus = defineRoute({
  method: 'get',
  path: '/v1/documents/{id}/status',
  operationId: 'getDocumentStatus',
  summary: 'Tell how far a document is',
  tags,
  auth: { role: 'read' },
  params: documentParams,
  responses: { 200: { description: 'Its state, and the last work on it stage by stage.', schema: documentStatusViewSchema } }, // prettier-ignore
  errors: ['DOC_NOT_FOUND'],
  async handler({ scope, params, services }) {
    const { job, ...status } = await services.documents.status(scope, params.id)
    return { status: 200, body: { ...status, job: job && { ...job, stages: [...job.stages] } } }
  },
})

export const reprocessDocument = defineRoute({
  method: 'post',
  path: '/v1/documents/{id}/reprocess',
  operationId: 'reprocessDocument',
  summary: 'Index a document again',
  description: 'A failed one goes on from the stage that failed; a ready one is made again from its source.',
  tags,
  auth: { role: 'write' },
  params: documentParams,
  responses: { 202: { description: 'Queued, or being worked on already.', schema: acceptedSchema } },
  errors: ['DOC_NOT_FOUND'],
  async handler({ scope, params, caller, requestId, services }) {
    return { status: 202, body: await services.documents.reprocess(scope, params.id, { caller, requestId }) }
  },
})
