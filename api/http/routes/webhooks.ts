import { z } from 'zod'
import { defined } from '../../contract/defined.ts'
import { webhookEvents } from '../../contract/webhook-events.ts'
import { type WebhookDeliveryRow, deliveryOrder } from '../../stores/postgres/webhook-deliveries.ts'
import { type WebhookRow, webhookOrder } from '../../stores/postgres/webhooks.ts'
import { webhookParams } from '../identifier.ts'
import { pageQuery, pageReply, pageRequest, pageSchema } from '../pagination.ts'
import { defineRoute } from '../route.ts'

const tags = ['webhooks']
const auth = { role: 'admin' } as const

const url = z.string().min(1).max(2048).meta({ format: 'uri' })
const events = z.array(z.enum(webhookEvents)).min(1).max(webhookEvents.length)

const webhookSchema = z
  .object({
    id: z.uuid(),
    url: z.string(),
    description: z.string(),
    events: z.array(z.enum(webhookEvents)),
    enabled: z.boolean(),
    disabled_reason: z.string().nullable().describe('Why the service switched it off; null when it did not.'),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Webhook' })

const createdSchema = webhookSchema.extend({ secret: z.string().describe('Verifies what is sent. Shown this once.') })

const deliverySchema = z.object({
  id: z.uuid().describe('The same as in the header `webhook-id`.'),
  event: z.string(),
  payload: z.record(z.string(), z.unknown()),
  status: z.enum(['pending', 'delivered', 'dead']).describe('`dead`: given up.'),
  attempts: z.int(),
  next_attempt_at: z.iso.datetime().nullable(),
  response_status: z.int().nullable(),
  error: z.string().nullable(),
  created_at: z.iso.datetime(),
  finished_at: z.iso.datetime().nullable(),
})

const createBody = z.strictObject({
  url: url.describe('Where to send; https:// on the internet, or a host that the operator of the service allows.'),
  events: events.describe('What to tell of.'),
  description: z.string().max(1024).default(''),
  enabled: z.boolean().default(true),
})

const updateBody = z.strictObject({
  url: url.optional(),
  events: events.optional(),
  description: z.string().max(1024).optional(),
  enabled: z.boolean().optional().describe('true also lets one go on that the service switched off.'),
})

export const listWebhooks = defineRoute({
  method: 'get',
  path: '/v1/webhooks',
  operationId: 'listWebhooks',
  summary: 'List the webhooks of the tenant',
  tags,
  auth,
  query: pageQuery,
  responses: { 200: { description: 'Oldest first.', schema: pageSchema(webhookSchema) } },
  async handler({ scope, query, services }) {
    return {
      status: 200,
      body: pageReply(await services.webhooks.list(scope, pageRequest(query, webhookOrder)), query, webhookOrder, show),
    }
  },
})

export const createWebhook = defineRoute({
  method: 'post',
  path: '/v1/webhooks',
  operationId: 'createWebhook',
  summary: 'Have events sent to a URL',
  description: 'Messages follow Standard Webhooks and are signed with the secret of the answer.',
  tags,
  auth,
  body: createBody,
  responses: { 201: { description: 'The secret is shown once.', schema: createdSchema } },
  errors: ['QUOTA_EXCEEDED'],
  async handler({ scope, body, caller, requestId, services }) {
    const row = await services.webhooks.create(scope, body, { caller, requestId })
    return { status: 201, body: { ...show(row), secret: row.secret }, headers: { Location: `/v1/webhooks/${row.id}` } }
  },
})

export const getWebhook = defineRoute({
  method: 'get',
  path: '/v1/webhooks/{id}',
  operationId: 'getWebhook',
  summary: 'Show a webhook',
  tags,
  auth,
  params: webhookParams,
  responses: { 200: { description: 'The webhook, without its secret.', schema: webhookSchema } },
  errors: ['WEBHOOK_NOT_FOUND'],
  async handler({ scope, params, services }) {
    return { status: 200, body: show(await services.webhooks.get(scope, params.id)) }
  },
})

export const updateWebhook = defineRoute({
  method: 'patch',
  path: '/v1/webhooks/{id}',
  operationId: 'updateWebhook',
  summary: 'Change a webhook',
  description: 'What is left out stays as it is.',
  tags,
  auth,
  params: webhookParams,
  body: updateBody,
  responses: { 200: { description: 'As it is now.', schema: webhookSchema } },
  errors: ['WEBHOOK_NOT_FOUND'],
  async handler({ scope, params, body, caller, requestId, services }) {
    return { status: 200, body: show(await services.webhooks.update(scope, params.id, defined(body), { caller, requestId })) } // prettier-ignore
  },
})

export const deleteWebhook = defineRoute({
  method: 'delete',
  path: '/v1/webhooks/{id}',
  operationId: 'deleteWebhook',
  summary: 'Delete a webhook with what it was still to be told',
  tags,
  auth,
  params: webhookParams,
  responses: { 204: { description: 'Deleted.' } },
  errors: ['WEBHOOK_NOT_FOUND'],
  async handler({ scope, params, caller, requestId, services }) {
    await services.webhooks.remove(scope, params.id, { caller, requestId })
    return { status: 204 }
  },
})

export const testWebhook = defineRoute({
  method: 'post',
  path: '/v1/webhooks/{id}/test',
  operationId: 'testWebhook',
  summary: 'Send a message of the type webhook.test',
  tags,
  auth,
  params: webhookParams,
  responses: { 202: { description: 'Queued; the deliveries tell what became of it.', schema: deliverySchema } },
  errors: ['WEBHOOK_NOT_FOUND'],
  async handler({ scope, params, services }) {
    return { status: 202, body: showDelivery(await services.webhooks.test(scope, params.id)) }
  },
})

export const listWebhookDeliveries = defineRoute({
  method: 'get',
  path: '/v1/webhooks/{id}/deliveries',
  operationId: 'listWebhookDeliveries',
  summary: 'List what was sent and what is waiting',
  tags,
  auth,
  params: webhookParams,
  query: pageQuery,
  responses: { 200: { description: 'Newest first; kept for 7 days after their end.', schema: pageSchema(deliverySchema) } }, // prettier-ignore
  errors: ['WEBHOOK_NOT_FOUND'],
  async handler({ scope, params, query, services }) {
    const found = await services.webhooks.deliveries(scope, params.id, pageRequest(query, deliveryOrder))
    return { status: 200, body: pageReply(found, query, deliveryOrder, showDelivery) }
  },
})

function show(row: WebhookRow): z.output<typeof webhookSchema> {
  const { id, url, description, events, enabled, disabled_reason } = row
  return { id, url, description, events, enabled, disabled_reason, created_at: row.created_at.toISOString(), updated_at: row.updated_at.toISOString() } // prettier-ignore
}

function showDelivery(row: WebhookDeliveryRow): z.output<typeof deliverySchema> {
  return {
    id: row.id,
    event: row.event,
    payload: row.payload,
    status: row.status,
    attempts: row.attempts,
    next_attempt_at: row.status === 'pending' ? row.next_attempt_at.toISOString() : null,
    response_status: row.response_status,
    error: row.error,
    created_at: row.created_at.toISOString(),
    finished_at: row.finished_at?.toISOString() ?? null,
  }
}
