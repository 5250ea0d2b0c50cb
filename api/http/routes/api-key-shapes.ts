import { z } from 'zod'
import { roles } from '../../contract/api-key.ts'
import type { KeyChanges, NewKey } from '../../services/api-keys.ts'
import type { ApiKeyRow } from '../../stores/postgres/rows.ts'
import { defined } from '../../contract/defined.ts'

/** API keys as JSON: for /v1/api-keys and for /admin/tenants/{id}/api-keys. */

const nameSchema = z.string().trim().min(1).max(100)
const scopeSchema = z.array(z.uuid().toLowerCase()).min(1).max(100).nullable()
const rateLimitSchema = z.int().min(1).max(1_000_000).nullable()
const expirySchema = z.iso
  .datetime({ offset: true })
  // One second before the year 10000 in Honolulu is in it, and RFC 3339 has no words for that.
  .refine(text => new Date(text).getUTCFullYear() < 10_000, 'must be before the year 10000')
  .nullable()

export const newKeyBody = z.strictObject({
  name: nameSchema,
  role: z
    .enum(roles)
    .describe('`read` retrieves, `write` also changes documents, `admin` also keys and knowledge bases.'),
  scope_kb_ids: scopeSchema.default(null).describe('The only knowledge bases that it may touch; null: all.'),
  rate_limit_per_minute: rateLimitSchema.default(null).describe('Null: what the service gives, 120 by default.'),
  expires_at: expirySchema.default(null).describe('Null: never.'),
})

export const keyChangesBody = z.strictObject({
  name: nameSchema.optional(),
  role: z.enum(roles).optional(),
  scope_kb_ids: scopeSchema.optional(),
  rate_limit_per_minute: rateLimitSchema.optional(),
  expires_at: expirySchema.optional(),
})

export const keySchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    prefix: z.string().describe('Beginning of the key, to tell it by.'),
    role: z.enum(roles),
    scope_kb_ids: z.array(z.uuid()).nullable(),
    rate_limit_per_minute: z.int().nullable(),
    managed_by: z.enum(['api', 'resource']).describe('`resource`: a RagTenant declares it, so HTTP cannot change it.'),
    expires_at: z.iso.datetime().nullable(),
    revoked_at: z.iso.datetime().nullable(),
    last_used_at: z.iso.datetime().nullable().describe('To the minute.'),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'ApiKey' })

export const mintedKeySchema = keySchema
  .extend({ key: z.string().describe('The key itself. It is shown here and never again.') })
  .meta({ id: 'NewApiKey' })

export function readNewKey(body: z.output<typeof newKeyBody>): NewKey {
  return {
    name: body.name,
    role: body.role,
    scopeKbIds: body.scope_kb_ids,
    rateLimitPerMinute: body.rate_limit_per_minute,
    expiresAt: body.expires_at === null ? null : new Date(body.expires_at),
  }
}

export function readKeyChanges(body: z.output<typeof keyChangesBody>): KeyChanges {
  return defined({
    name: body.name,
    role: body.role,
    scopeKbIds: body.scope_kb_ids,
    rateLimitPerMinute: body.rate_limit_per_minute,
    expiresAt: typeof body.expires_at === 'string' ? new Date(body.expires_at) : body.expires_at,
  })
}

export function showKey(row: ApiKeyRow): z.output<typeof keySchema> {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    role: row.role,
    scope_kb_ids: row.scope_kb_ids,
    rate_limit_per_minute: row.rate_limit_per_minute,
    managed_by: row.managed_by,
    expires_at: row.expires_at?.toISOString() ?? null,
    revoked_at: row.revoked_at?.toISOString() ?? null,
    last_used_at: row.last_used_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
  }
}
