import { z } from 'zod'
import { documentLimits } from '../../services/documents/new-document.ts'
import type { DocumentView } from '../../services/documents.ts'

/** Documents as JSON shows them; services/documents/views.ts has the same in types. */

/** An id that the application has for a document. */
export const externalIdSchema = z.string().min(1).max(documentLimits.externalId)

export const documentStatusSchema = z.enum(['queued', 'processing', 'ready', 'failed', 'deleting'])

export const acceptedSchema = z
  .object({
    document_id: z.uuid(),
    job_id: z.uuid().nullable().describe('The work that brings it to `ready`; null when nothing is left to do.'),
    status: documentStatusSchema,
    duplicate: z.boolean().describe('The knowledge base had this content before; nothing was added.'),
  })
  .meta({ id: 'AcceptedDocument' })

const documentErrorSchema = z.object({
  code: z.string(),
  message: z.string().describe('What is wrong with the document, or what failed, and what to do.'),
  stage: z.string().describe('The stage that failed.'),
})

export const documentSchema = z
  .object({
    id: z.uuid(),
    knowledge_base_id: z.uuid(),
    external_id: z.string().nullable(),
    title: z.string(),
    metadata: z.record(z.string(), z.unknown()),
    media_type: z.string(),
    filename: z.string().nullable(),
    size_bytes: z.int(),
    content_hash: z.string().describe('SHA-256 of the source, in hex.'),
    revision: z.int().describe('Goes up when the content is replaced.'),
    status: documentStatusSchema,
    error: documentErrorSchema.nullable(),
    chunk_count: z.int(),
    summary: z
      .string()
      .nullable()
      .describe('What it is about, by the LLM; null unless the knowledge base has the enricher `summary`.'),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Document' }) satisfies z.ZodType<DocumentView>

const stageSchema = z.object({
  name: z.string(),
  status: z.enum(['pending', 'running', 'done', 'failed']),
  started_at: z.string().optional(),
  finished_at: z.string().optional(),
  attempts: z.int(),
  detail: z.string().optional(),
})

export const documentStatusViewSchema = z
  .object({
    document_id: z.uuid(),
    status: documentStatusSchema,
    error: documentErrorSchema.nullable(),
    job: z
      .object({
        id: z.uuid(),
        kind: z.string(),
        status: z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']),
        stage: z.string().nullable().describe('The stage that is running, or that failed.'),
        attempts: z.int(),
        error: z
          .object({ code: z.string(), message: z.string(), transient: z.boolean() })
          .nullable()
          .describe('Why it waits for another attempt, or why it failed.'),
        stages: z.array(stageSchema),
        created_at: z.iso.datetime(),
        updated_at: z.iso.datetime(),
        finished_at: z.iso.datetime().nullable(),
      })
      .nullable()
      .describe('The last work on the document.'),
  })
  .meta({ id: 'DocumentStatus' })

export const chunkSchema = z
  .object({
    id: z.uuid(),
    document_id: z.uuid(),
    position: z.int(),
    text: z.string(),
    start: z.int().describe('Offset into the parsed text, in UTF-16 code units.'),
    end: z.int(),
    headings: z.array(z.string()),
    page: z.int().nullable(),
  })
  .meta({ id: 'Chunk' })
