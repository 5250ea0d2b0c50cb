import { z } from 'zod'
import { documentLimits } from '../../services/documents/new-document.ts'
import type { NewTextDocument } from '../../services/documents.ts'
import { ApiError } from '../../contract/error-codes.ts'
import { knowledgeBaseParams } from '../identifier.ts'
import { parseJson } from '../json-text.ts'
import { defineRoute } from '../route.ts'
import { validate } from '../validate.ts'
import { acceptedSchema, externalIdSchema } from './document-shapes.ts'
import { defined } from '../../contract/defined.ts'

/** The four ways to hand documents in: one as JSON, one as a file, one by URL, many as JSON. */

const tags = ['documents']
const MAX_BATCH = 50

const titleSchema = z.string().trim().min(1).max(documentLimits.title)
const metadataSchema = z
  .unknown()
  .refine(value => !isObject(value) || !Object.hasOwn(value, '__proto__'), 'no field can be named __proto__')
  // A record would drop that one without a word.
  .pipe(z.record(z.string().min(1).max(100), z.unknown()))
  .refine(
    value => JSON.stringify(value).length <= documentLimits.metadata,
    `must be at most ${documentLimits.metadata.toLocaleString('en')} characters as JSON`,
  )
  .meta({ type: 'object', additionalProperties: true, propertyNames: { minLength: 1, maxLength: 100 } })

const textDocument = z.strictObject({
  title: titleSchema.optional().describe('Default: what the text itself says, or its first words.'),
  content: z.string().describe('The text; must not be blank.'),
  metadata: metadataSchema.optional().describe('Any JSON; filters can look at it, results bear it.'),
  external_id: externalIdSchema
    .optional()
    .describe('Your own id. New content under a known one replaces the document.'),
  media_type: z
    .enum(['text/plain', 'text/markdown', 'text/html'])
    .optional()
    .describe('How the text is to be read; text/plain by default.'),
})

const intakeHeaders = z.object({
  'idempotency-key': z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe('A repeated request with the same key and body gets the first one’s answer, and adds nothing.'),
})

export const createDocument = defineRoute({
  method: 'post',
  path: '/v1/knowledge-bases/{id}/documents',
  operationId: 'createDocument',
  summary: 'Add a text',
  description: 'It is indexed in the background. The same content in the same knowledge base is the same document.',
  tags,
  auth: { role: 'write' },
  params: knowledgeBaseParams,
  headers: intakeHeaders,
  body: textDocument,
  responses: { 202: { description: 'Taken in; its status tells the rest.', schema: acceptedSchema } },
  errors: ['KB_NOT_FOUND', 'QUOTA_EXCEEDED', 'CONFLICT'],
  async handler({ scope, params, headers, body, caller, requestId, services }) {
    const accepted = await services.documents.createFromText(
      scope,
      params.id,
      newText(body),
      { caller, requestId },
      intakeOptions(headers),
    )
    return { status: 202, body: accepted }
  },
})

const uploadForm = z.strictObject({
  title: titleSchema.optional(),
  metadata: z.string().max(65_536).optional().describe('A JSON object.'),
  external_id: externalIdSchema.optional(),
})

export const uploadDocument = defineRoute({
  method: 'post',
  path: '/v1/knowledge-bases/{id}/documents/upload',
  operationId: 'uploadDocument',
  summary: 'Add a file',
  description:
    'Text, Markdown, HTML, CSV, JSON, mail, PDF, Word, PowerPoint, Excel or EPUB, as multipart/form-data. What it is, is told by its content.',
  tags,
  auth: { role: 'write' },
  params: knowledgeBaseParams,
  headers: intakeHeaders,
  form: uploadForm,
  responses: { 202: { description: 'Taken in; its status tells the rest.', schema: acceptedSchema } },
  errors: ['KB_NOT_FOUND', 'QUOTA_EXCEEDED', 'CONFLICT'],
  async handler({ scope, params, headers, body: { fields, file }, caller, requestId, services }) {
    if (file.bytes.length === 0)
      throw new ApiError('VALIDATION_ERROR', `file: ${JSON.stringify(file.filename)} is empty`)
    const input = {
      ...file,
      ...defined({ title: fields.title, externalId: fields.external_id, metadata: readMetadata(fields.metadata) }),
    }
    const accepted = await services.documents.createFromFile(
      scope,
      params.id,
      input,
      { caller, requestId },
      intakeOptions(headers),
    )
    return { status: 202, body: accepted }
  },
})

export const fetchDocument = defineRoute({
  method: 'post',
  path: '/v1/knowledge-bases/{id}/documents/fetch',
  operationId: 'fetchDocument',
  summary: 'Add a file by its URL',
  description:
    'Fetched at once, with at most 5 redirects, and read like an uploaded file. Hosts without a public address are refused unless FETCH_ALLOWED_HOSTS names them. The metadata get `source_url`, without the query.',
  tags,
  auth: { role: 'write' },
  params: knowledgeBaseParams,
  headers: intakeHeaders,
  body: z.strictObject({
    url: z
      .string()
      .min(1)
      .max(2048)
      .meta({ format: 'uri' })
      .describe('http:// or https://, without a user name or password.'),
    title: titleSchema.optional().describe('Default: what the document itself says.'),
    metadata: metadataSchema.optional(),
    external_id: externalIdSchema.optional(),
  }),
  responses: { 202: { description: 'Taken in; its status tells the rest.', schema: acceptedSchema } },
  errors: ['KB_NOT_FOUND', 'QUOTA_EXCEEDED', 'CONFLICT', 'FETCH_FAILED'],
  async handler({ scope, params, headers, body, caller, requestId, signal, services }) {
    const { url, title, metadata, external_id: externalId } = body
    const accepted = await services.documents.createFromUrl(
      scope,
      params.id,
      { url, ...defined({ title, metadata, externalId }) },
      { caller, requestId },
      { ...intakeOptions(headers), signal },
    )
    return { status: 202, body: accepted }
  },
})

export const createDocuments = defineRoute({
  method: 'post',
  path: '/v1/knowledge-bases/{id}/documents/batch',
  operationId: 'createDocuments',
  summary: `Add up to ${MAX_BATCH} texts`,
  description: 'Each has an outcome of its own: one that is refused does not keep the others out.',
  tags,
  auth: { role: 'write' },
  params: knowledgeBaseParams,
  headers: intakeHeaders,
  body: z.strictObject({ documents: z.array(textDocument).min(1).max(MAX_BATCH) }),
  responses: {
    202: {
      description: 'What became of each, in the order of the request.',
      schema: z.object({
        items: z.array(
          z.union([
            acceptedSchema.extend({ index: z.int(), external_id: z.string().nullable() }),
            z.object({
              index: z.int(),
              external_id: z.string().nullable(),
              error: z.object({ code: z.string(), detail: z.string() }),
            }),
          ]),
        ),
        accepted: z.int(),
        rejected: z.int(),
      }),
    },
  },
  errors: ['KB_NOT_FOUND', 'CONFLICT'],
  async handler({ scope, params, headers, body, caller, requestId, services }) {
    const { items, accepted, rejected } = await services.documents.createBatch(
      scope,
      params.id,
      body.documents.map(newText),
      { caller, requestId },
      intakeOptions(headers),
    )
    return { status: 202, body: { items: [...items], accepted, rejected } }
  },
})

function newText(body: z.output<typeof textDocument>): NewTextDocument {
  return {
    content: body.content,
    ...defined({
      title: body.title,
      metadata: body.metadata,
      externalId: body.external_id,
      mediaType: body.media_type,
    }),
  }
}

function intakeOptions(headers: z.output<typeof intakeHeaders>) {
  return defined({ idempotencyKey: headers['idempotency-key'] })
}

function readMetadata(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined
  const metadata = parseJson(Buffer.from(text), 'metadata')
  return validate(z.strictObject({ metadata: metadataSchema }), { metadata }, 'form').metadata
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
