import { z } from 'zod'
import { apiKeyParams } from '../identifier.ts'
import { pageQuery, pageReply, pageRequest, pageSchema } from '../pagination.ts'
import { keyOrder } from '../../stores/postgres/api-keys.ts'
import { defineRoute } from '../route.ts'
import { keyChangesBody, keySchema, mintedKeySchema, newKeyBody, readKeyChanges, readNewKey, showKey } from './api-key-shapes.ts' // prettier-ignore

const tags = ['API keys']
const DAY = 86_400

export const listApiKeys = defineRoute({
  method: 'get',
  path: '/v1/api-keys',
  operationId: 'listApiKeys',
  summary: 'List the keys of the tenant',
  tags,
  auth: { role: 'admin' },
  query: pageQuery,
  responses: { 200: { description: 'Newest first, revoked ones too.', schema: pageSchema(keySchema) } },
  async handler({ scope, query, services }) {
    const found = await services.apiKeys.list(scope, pageRequest(query, keyOrder))
    return { status: 200, body: pageReply(found, query, keyOrder, showKey) }
  },
})

export const createApiKey = defineRoute({
  method: 'post',
  path: '/v1/api-keys',
  operationId: 'createApiKey',
  summary: 'Create a key',
  description: 'A key that is limited to some knowledge bases can only make keys that are limited to some of them.',
  tags,
  auth: { role: 'admin' },
  body: newKeyBody,
  responses: { 201: { description: 'The key is shown once.', schema: mintedKeySchema } },
  errors: ['KB_NOT_FOUND'],
  async handler({ scope, body, caller, requestId, services }) {
    const { row, secret } = await services.apiKeys.create(scope, readNewKey(body), { caller, requestId })
    return { status: 201, body: { ...showKey(row), key: secret }, headers: { Location: `/v1/api-keys/${row.id}` } }
  },
})

export const getApiKey = defineRoute({
  method: 'get',
  path: '/v1/api-keys/{id}',
  operationId: 'getApiKey',
  summary: 'Show a key',
  tags,
  auth: { role: 'admin' },
  params: apiKeyParams,
  responses: { 200: { description: 'The key, without its secret.', schema: keySchema } },
  errors: ['API_KEY_NOT_FOUND'],
  async handler({ scope, params, services }) {
    return { status: 200, body: showKey(await services.apiKeys.get(scope, params.id)) }
  },
})

export const updateApiKey = defineRoute({
  method: 'patch',
  path: '/v1/api-keys/{id}',
  operationId: 'updateApiKey',
  summary: 'Change a key',
  description: 'What is left out stays as it is. Takes effect within 5 seconds.',
  tags,
  auth: { role: 'admin' },
  params: apiKeyParams,
  body: keyChangesBody,
  responses: { 200: { description: 'As it is now.', schema: keySchema } },
  errors: ['API_KEY_NOT_FOUND', 'KB_NOT_FOUND', 'CONFLICT'],
  async handler({ scope, params, body, caller, requestId, services }) {
    const row = await services.apiKeys.update(scope, params.id, readKeyChanges(body), { caller, requestId })
    return { status: 200, body: showKey(row) }
  },
})

export const deleteApiKey = defineRoute({
  method: 'delete',
  path: '/v1/api-keys/{id}',
  operationId: 'deleteApiKey',
  summary: 'Delete a key',
  description: 'Refused within 5 seconds, and no longer in the list. To keep it in the list, revoke it.',
  tags,
  auth: { role: 'admin' },
  params: apiKeyParams,
  responses: { 204: { description: 'Deleted.' } },
  errors: ['API_KEY_NOT_FOUND', 'CONFLICT'],
  async handler({ scope, params, caller, requestId, services }) {
    await services.apiKeys.remove(scope, params.id, { caller, requestId })
    return { status: 204 }
  },
})

export const revokeApiKey = defineRoute({
  method: 'post',
  path: '/v1/api-keys/{id}/revoke',
  operationId: 'revokeApiKey',
  summary: 'Revoke a key for good',
  description: 'Refused within 5 seconds. Revoking again changes nothing.',
  tags,
  auth: { role: 'admin' },
  params: apiKeyParams,
  responses: { 200: { description: 'The revoked key.', schema: keySchema } },
  errors: ['API_KEY_NOT_FOUND', 'CONFLICT'],
  async handler({ scope, params, caller, requestId, services }) {
    return { status: 200, body: showKey(await services.apiKeys.revoke(scope, params.id, { caller, requestId })) }
  },
})

export const rotateApiKey = defineRoute({
  method: 'post',
  path: '/v1/api-keys/{id}/rotate',
  operationId: 'rotateApiKey',
  summary: 'Replace a key by a new one with the same rights',
  tags,
  auth: { role: 'admin' },
  params: apiKeyParams,
  body: z
    .strictObject({
      overlap_seconds: z
        .int()
        .min(0)
        .max(30 * DAY)
        .default(DAY)
        .describe('How long the old key works on.'),
    })
    .default({ overlap_seconds: DAY }),
  responses: { 201: { description: 'The new key is shown once.', schema: mintedKeySchema } },
  errors: ['API_KEY_NOT_FOUND', 'CONFLICT'],
  async handler({ scope, params, body, caller, requestId, services }) {
    const request = { caller, requestId }
    const { row, secret } = await services.apiKeys.rotate(scope, params.id, body.overlap_seconds, request)
    return { status: 201, body: { ...showKey(row), key: secret }, headers: { Location: `/v1/api-keys/${row.id}` } }
  },
})
