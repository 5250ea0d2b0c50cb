import { defined } from '../../contract/defined.ts'
import { z } from 'zod'
import { modelChoiceSchema } from '../../contract/model-reference.ts'
import type { SystemSettings } from '../../services/system-config.ts'
import { defineRoute } from '../route.ts'
import { readRetrieval, retrievalSettingsBody, showRetrieval } from './settings-shapes.ts'
import { quotasBody, readQuotas } from './tenant-shapes.ts'

const tags = ['admin']

const settingsBody = z
  .strictObject({
    retrieval: retrievalSettingsBody.default({}).describe('Defaults of all knowledge bases; above the environment’s.'),
    tenant_quotas: quotasBody.default({}).describe('Of tenants that are made over HTTP without quotas of their own.'),
    models: modelChoiceSchema.default({}).describe('Models of everybody who chooses none; above the environment’s.'),
    rate_limit_per_minute: z
      .int()
      .min(1)
      .max(1_000_000)
      .optional()
      .describe('Of keys without a limit of their own; above RATE_LIMIT_PER_MINUTE.'),
  })
  .meta({ id: 'SystemConfig' })

export const getSystemConfig = defineRoute({
  method: 'get',
  path: '/admin/system-config',
  operationId: 'getSystemConfig',
  summary: 'Show the settings of the system',
  description: 'They stand above the environment, and below tenants, knowledge bases and requests.',
  tags,
  auth: 'admin',
  responses: { 200: { description: 'What was set; what is not here is the environment’s.', schema: settingsBody } },
  async handler({ services }) {
    return { status: 200, body: show(await services.systemConfig.current()) }
  },
})

export const replaceSystemConfig = defineRoute({
  method: 'put',
  path: '/admin/system-config',
  operationId: 'replaceSystemConfig',
  summary: 'Replace the settings of the system',
  description: 'What is left out is the environment’s again. Takes effect within 5 seconds.',
  tags,
  auth: 'admin',
  body: settingsBody,
  responses: { 200: { description: 'As they are now.', schema: settingsBody } },
  async handler({ body, caller, requestId, services }) {
    services.requestModels.check(body.models)
    const settings: SystemSettings = {
      retrieval: readRetrieval(body.retrieval),
      quotas: readQuotas(body.tenant_quotas),
      models: body.models,
      ...defined({ requestsPerMinute: body.rate_limit_per_minute }),
    }
    return { status: 200, body: show(await services.systemConfig.replace(settings, { caller, requestId })) }
  },
})

function show(settings: SystemSettings): z.output<typeof settingsBody> {
  const { quotas } = settings
  return {
    retrieval: showRetrieval(defined(settings.retrieval)),
    tenant_quotas: defined({
      knowledge_bases: quotas.knowledgeBases,
      documents: quotas.documents,
      storage_mb: quotas.storageMb,
      requests_per_minute: quotas.requestsPerMinute,
    }),
    models: settings.models,
    ...defined({ rate_limit_per_minute: settings.requestsPerMinute }),
  }
}
