import { z } from 'zod'
import { answeringSchema, readAnswering } from '../../contract/answering.ts'
import { modelChoiceSchema, readModelChoice } from '../../contract/model-reference.ts'
import { type Quotas, quotasSchema } from '../../contract/quotas.ts'
import type { TenantRow } from '../../stores/postgres/rows.ts'
import type { TenantUsage } from '../../stores/postgres/tenant-usage.ts'
import { defined } from '../../contract/defined.ts'

const { knowledgeBases, documents, storageMb, requestsPerMinute } = quotasSchema.shape

export const quotasBody = z.strictObject({
  knowledge_bases: knowledgeBases
    .unwrap()
    .optional()
    .describe(knowledgeBases.description ?? ''),
  documents: documents
    .unwrap()
    .optional()
    .describe(documents.description ?? ''),
  storage_mb: storageMb
    .unwrap()
    .optional()
    .describe(storageMb.description ?? ''),
  requests_per_minute: requestsPerMinute
    .unwrap()
    .optional()
    .describe(requestsPerMinute.description ?? ''),
})

export const tenantSchema = z
  .object({
    id: z.uuid(),
    slug: z.string().describe('Names its schema, its role and its RagTenant.'),
    name: z.string(),
    plan: z.string(),
    status: z.enum(['active', 'disabled']),
    isolation: z.enum(['Auto', 'Shared', 'Dedicated']),
    schema: z.string().describe('Postgres schema.'),
    collection: z.string().describe('Alias of the collection that its vectors are in.'),
    managed_by: z.enum(['api', 'resource']),
    resource: z.string().nullable().describe('The RagTenant that declares it; null when HTTP made it.'),
    quotas: z.object({
      knowledge_bases: z.int(),
      documents: z.int(),
      storage_mb: z.int(),
      requests_per_minute: z.int(),
    }),
    models: modelChoiceSchema.describe('Models of its knowledge bases that choose none.'),
    answering: answeringSchema.describe('How answers from its knowledge bases are written when these do not say.'),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Tenant' })

export const usageSchema = z.object({
  knowledge_bases: z.int(),
  documents: z.int(),
  chunks: z.int(),
  storage_bytes: z.int().describe('Size of the source documents.'),
})

export function readQuotas(body: z.output<typeof quotasBody>): Partial<Quotas> {
  return defined({
    knowledgeBases: body.knowledge_bases,
    documents: body.documents,
    storageMb: body.storage_mb,
    requestsPerMinute: body.requests_per_minute,
  })
}

export function showTenant(row: TenantRow): z.output<typeof tenantSchema> {
  return {
    id: row.id,
    slug: row.slug,
    name: row.display_name,
    plan: row.plan,
    status: row.status,
    isolation: row.isolation,
    schema: row.schema_name,
    collection: row.collection,
    managed_by: row.managed_by,
    resource: row.managed_by === 'resource' ? (row.owner.name ?? row.slug) : null,
    quotas: {
      knowledge_bases: row.quotas.knowledgeBases,
      documents: row.quotas.documents,
      storage_mb: row.quotas.storageMb,
      requests_per_minute: row.quotas.requestsPerMinute,
    },
    models: readModelChoice(row.settings),
    answering: readAnswering(row.settings),
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  }
}

export function showUsage(usage: TenantUsage): z.output<typeof usageSchema> {
  return {
    knowledge_bases: usage.knowledgeBases,
    documents: usage.documents,
    chunks: usage.chunks,
    storage_bytes: usage.storageBytes,
  }
}
