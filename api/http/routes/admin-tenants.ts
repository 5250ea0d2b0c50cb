import { z } from 'zod'
import { SLUG_PATTERN } from '../../contract/names.ts'
import { tenantParams } from '../identifier.ts'
import { pageQuery, pageReply, pageRequest, pageSchema } from '../pagination.ts'
import { tenantOrder } from '../../stores/postgres/tenants.ts'
import { defineRoute } from '../route.ts'
import { mintedKeySchema, showKey } from './api-key-shapes.ts'
import { answeringSchema } from '../../contract/answering.ts'
import { defined } from '../../contract/defined.ts'
import { modelChoiceSchema } from '../../contract/model-reference.ts'
import { quotasBody, readQuotas, showTenant, showUsage, tenantSchema, usageSchema } from './tenant-shapes.ts'

const tags = ['admin']
const nameSchema = z.string().trim().min(1).max(200)
const planSchema = z.string().trim().min(1).max(63)

export const createTenant = defineRoute({
  method: 'post',
  path: '/admin/tenants',
  operationId: 'createTenant',
  summary: 'Create a tenant',
  description: 'Makes its schema, its role, its place among the vectors, and a first key of the role admin.',
  tags,
  auth: 'admin',
  body: z.strictObject({
    name: nameSchema.describe('For people.'),
    slug: z
      .string()
      .regex(SLUG_PATTERN, 'must be lower-case letters, digits and inner hyphens, at most 48, beginning with a letter')
      .optional()
      .describe('Names its schema; default: made from the name. It cannot be changed.'),
    plan: planSchema.default('standard').describe('For people and billing.'),
    isolation: z
      .enum(['Auto', 'Shared', 'Dedicated'])
      .default('Auto')
      .describe('Vectors in the shared collection or in one of its own. It cannot be changed.'),
    quotas: quotasBody.default({}).describe('What is left out is the system’s.'),
  }),
  responses: {
    201: {
      description: 'The tenant and its first key, which is shown once.',
      schema: tenantSchema.extend({ api_key: mintedKeySchema }),
    },
  },
  errors: ['CONFLICT', 'KB_CONFIG_ERROR'],
  async handler({ body, caller, requestId, services }) {
    const input = { ...body, quotas: readQuotas(body.quotas) }
    const { tenant, key } = await services.tenants.create(input, { caller, requestId })
    const api_key = { ...showKey(key.row), key: key.secret }
    return { status: 201, body: { ...showTenant(tenant), api_key }, headers: { Location: `/admin/tenants/${tenant.id}` } } // prettier-ignore
  },
})

export const listTenants = defineRoute({
  method: 'get',
  path: '/admin/tenants',
  operationId: 'listTenants',
  summary: 'List the tenants',
  tags,
  auth: 'admin',
  query: pageQuery,
  responses: { 200: { description: 'Ordered by slug.', schema: pageSchema(tenantSchema) } },
  async handler({ query, services }) {
    return {
      status: 200,
      body: pageReply(await services.tenants.list(pageRequest(query, tenantOrder)), query, tenantOrder, showTenant),
    }
  },
})

export const getTenant = defineRoute({
  method: 'get',
  path: '/admin/tenants/{id}',
  operationId: 'getTenant',
  summary: 'Show a tenant and what it uses',
  tags,
  auth: 'admin',
  params: tenantParams,
  responses: { 200: { description: 'The tenant.', schema: tenantSchema.extend({ usage: usageSchema }) } },
  errors: ['TENANT_NOT_FOUND'],
  async handler({ params, services }) {
    const tenant = await services.tenants.get(params.id)
    return { status: 200, body: { ...showTenant(tenant), usage: showUsage(await services.tenants.usage(tenant)) } }
  },
})

export const updateTenant = defineRoute({
  method: 'patch',
  path: '/admin/tenants/{id}',
  operationId: 'updateTenant',
  summary: 'Change a tenant',
  description: 'What is left out stays as it is, single quotas too.',
  tags,
  auth: 'admin',
  params: tenantParams,
  body: z.strictObject({
    name: nameSchema.optional(),
    plan: planSchema.optional(),
    quotas: quotasBody.optional(),
    models: modelChoiceSchema.optional().describe('Models of its knowledge bases that choose none; above the system’s. Replaces its choice, within 5 seconds.'), // prettier-ignore
    answering: answeringSchema.optional().describe('How answers from its knowledge bases are written when these do not say. Replaces what was set.'), // prettier-ignore
  }),
  responses: { 200: { description: 'As it is now.', schema: tenantSchema } },
  errors: ['TENANT_NOT_FOUND', 'CONFLICT'],
  async handler({ params, body, caller, requestId, services }) {
    services.requestModels.check(body.models ?? {})
    const { name, plan, models, answering } = body
    const changes = defined({ name, plan, models, answering, quotas: body.quotas && readQuotas(body.quotas) })
    return { status: 200, body: showTenant(await services.tenants.update(params.id, changes, { caller, requestId })) }
  },
})

export const deleteTenant = defineRoute({
  method: 'delete',
  path: '/admin/tenants/{id}',
  operationId: 'deleteTenant',
  summary: 'Delete a tenant with everything it has',
  description: 'Keys, schema, role and vectors are gone when this answers; the audit log stays. To keep the data, disable it.', // prettier-ignore
  tags,
  auth: 'admin',
  params: tenantParams,
  responses: {
    200: {
      description: 'What was erased.',
      schema: z.object({ erased: z.object({ rows: z.int(), points: z.int() }) }),
    },
  },
  errors: ['TENANT_NOT_FOUND', 'CONFLICT'],
  async handler({ params, caller, requestId, services }) {
    const { rows, points } = await services.tenants.remove(params.id, { caller, requestId })
    return { status: 200, body: { erased: { rows, points } } }
  },
})

export const disableTenant = defineRoute({
  method: 'post',
  path: '/admin/tenants/{id}/disable',
  operationId: 'disableTenant',
  summary: 'Refuse all requests of a tenant',
  description: 'Takes effect within 5 seconds; its data stays.',
  tags,
  auth: 'admin',
  params: tenantParams,
  responses: { 200: { description: 'As it is now.', schema: tenantSchema } },
  errors: ['TENANT_NOT_FOUND', 'CONFLICT'],
  async handler({ params, caller, requestId, services }) {
    return { status: 200, body: showTenant(await services.tenants.disable(params.id, { caller, requestId })) }
  },
})

export const enableTenant = defineRoute({
  method: 'post',
  path: '/admin/tenants/{id}/enable',
  operationId: 'enableTenant',
  summary: 'Serve a tenant again',
  tags,
  auth: 'admin',
  params: tenantParams,
  responses: { 200: { description: 'As it is now.', schema: tenantSchema } },
  errors: ['TENANT_NOT_FOUND', 'CONFLICT'],
  async handler({ params, caller, requestId, services }) {
    return { status: 200, body: showTenant(await services.tenants.enable(params.id, { caller, requestId })) }
  },
})
