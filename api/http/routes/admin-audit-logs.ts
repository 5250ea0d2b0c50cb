import { z } from 'zod'
import { pageQuery, pageReply, pageRequest, pageSchema } from '../pagination.ts'
import { auditOrder } from '../../stores/postgres/audit-log.ts'
import { defineRoute } from '../route.ts'

const dateTime = z.iso.datetime({ offset: true })
// Postgres refuses U+0000 in any text, and a query string can say it.
const word = z.string().min(1).max(200).refine(text => !text.includes('\u0000'), 'must not hold U+0000') // prettier-ignore

export const listAuditLogs = defineRoute({
  method: 'get',
  path: '/admin/audit-logs',
  operationId: 'listAuditLogs',
  summary: 'Read the audit log',
  description: 'Every change and every refused request: who, what, when, and with which request id.',
  tags: ['admin'],
  auth: 'admin',
  query: pageQuery.extend({
    tenant_id: z.uuid().optional(),
    action: word.optional().describe('Such as `create-tenant` or `access-denied`.'),
    outcome: z.enum(['success', 'denied', 'failure']).optional(),
    actor: word.optional().describe('Prefix of a key, or name of a resource.'),
    request_id: word.optional(),
    since: dateTime.optional().describe('From this time on.'),
    until: dateTime.optional().describe('Before this time.'),
  }),
  responses: {
    200: {
      description: 'Newest first.',
      schema: pageSchema(
        z
          .object({
            id: z.string(),
            at: z.iso.datetime(),
            actor_type: z.enum(['api-key', 'admin', 'operator', 'system', 'anonymous']),
            actor: z.string().nullable(),
            tenant_id: z.uuid().nullable(),
            action: z.string(),
            target: z.string().nullable(),
            outcome: z.enum(['success', 'denied', 'failure']),
            request_id: z.string().nullable(),
            detail: z.record(z.string(), z.unknown()),
          })
          .meta({ id: 'AuditRecord' }),
      ),
    },
  },
  async handler({ query, services }) {
    const filter = {
      tenantId: query.tenant_id,
      action: query.action,
      outcome: query.outcome,
      actor: query.actor,
      requestId: query.request_id,
      since: query.since === undefined ? undefined : new Date(query.since),
      until: query.until === undefined ? undefined : new Date(query.until),
    }
    const found = await services.audit.list(filter, pageRequest(query, auditOrder))
    return { status: 200, body: pageReply(found, query, auditOrder, row => ({ ...row, at: row.at.toISOString() })) }
  },
})
