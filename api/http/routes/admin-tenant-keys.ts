import { tenantParams } from '../identifier.ts'
import { pageQuery, pageReply, pageRequest, pageSchema } from '../pagination.ts'
import { keyOrder } from '../../stores/postgres/api-keys.ts'
import { defineRoute } from '../route.ts'
import { keySchema, mintedKeySchema, newKeyBody, readNewKey, showKey } from './api-key-shapes.ts'

const tags = ['admin']

export const listTenantKeys = defineRoute({
  method: 'get',
  path: '/admin/tenants/{id}/api-keys',
  operationId: 'listTenantKeys',
  summary: 'List the keys of a tenant',
  tags,
  auth: 'admin',
  params: tenantParams,
  query: pageQuery,
  responses: { 200: { description: 'Newest first.', schema: pageSchema(keySchema) } },
  errors: ['TENANT_NOT_FOUND'],
  async handler({ params, query, services }) {
    const found = await services.apiKeys.list(await services.tenants.scope(params.id), pageRequest(query, keyOrder))
    return { status: 200, body: pageReply(found, query, keyOrder, showKey) }
  },
})

export const createTenantKey = defineRoute({
  method: 'post',
  path: '/admin/tenants/{id}/api-keys',
  operationId: 'createTenantKey',
  summary: 'Create a key for a tenant',
  tags,
  auth: 'admin',
  params: tenantParams,
  body: newKeyBody,
  responses: { 201: { description: 'The key is shown once.', schema: mintedKeySchema } },
  errors: ['TENANT_NOT_FOUND', 'KB_NOT_FOUND'],
  async handler({ params, body, caller, requestId, services }) {
    const scope = await services.tenants.scope(params.id)
    const { row, secret } = await services.apiKeys.create(scope, readNewKey(body), { caller, requestId })
    return { status: 201, body: { ...showKey(row), key: secret } }
  },
})
