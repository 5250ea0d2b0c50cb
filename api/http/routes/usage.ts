import { z } from 'zod'
import { ApiError } from '../../contract/error-codes.ts'
import { modelUses } from '../../providers/model-use.ts'
import type { UsagePeriod } from '../../services/usage.ts'
import type { UsageReport, UsageSum } from '../../usage/usage-report.ts'
import { tenantParams } from '../identifier.ts'
import { defineRoute } from '../route.ts'

const day = z.iso.date()

const sumFields = {
  requests: z.int().describe('HTTP requests that a key was let in with.'),
  retrievals: z.int().describe('Searches, those for answers included, and also where the result was remembered.'),
  answers: z.int(),
  documents: z.int().describe('Documents that were indexed, again ones included.'),
  chunks: z.int().describe('Chunks of these documents.'),
  models: z
    .array(
      z.object({
        use: z.enum(modelUses),
        provider: z.string(),
        model: z.string(),
        calls: z.int().describe('Calls that the model was asked for; answers out of a cache are none.'),
        texts: z.int().describe('Texts that were embedded or ranked; 0 of an LLM.'),
        input_tokens: z.int().describe('As the provider counts them; 0 where it does not say.'),
        output_tokens: z.int(),
      }),
    )
    .describe('By use, provider and model.'),
}

const reportSchema = z
  .object({
    from: day,
    to: day,
    totals: z.object(sumFields),
    days: z.array(z.object({ day, ...sumFields })).describe('Days on which something was used, in order.'),
  })
  .meta({ id: 'UsageReport' })

const period = z.strictObject({
  from: day.optional().describe('First day, in UTC. Default: 30 days with the last one.'),
  to: day.optional().describe('Last day, in UTC, included. Default: today. At most 366 days in all.'),
})

const description = 'Counted in every process and written every few seconds. Days are UTC’s.'
const responses = { 200: { description: 'What was used in the period.', schema: reportSchema } }

export const getUsage = defineRoute({
  method: 'get',
  path: '/v1/usage',
  operationId: 'getUsage',
  summary: 'Show what the tenant has used',
  description: `${description} For admin keys without \`scope_kb_ids\`: it is counted for the whole tenant.`,
  tags: ['usage'],
  auth: { role: 'admin' },
  query: period,
  responses,
  errors: ['FORBIDDEN'],
  async handler({ query, scope, services }) {
    if (scope.knowledgeBaseIds !== 'all')
      throw new ApiError('FORBIDDEN', 'this API key is limited to some knowledge bases, and usage is counted for the whole tenant; ask with an admin key without scope_kb_ids') // prettier-ignore
    return { status: 200, body: show(await services.usage.report(scope.tenantId, query)) }
  },
})

export const getTenantUsage = defineRoute({
  method: 'get',
  path: '/admin/tenants/{id}/usage',
  operationId: 'getTenantUsage',
  summary: 'Show what a tenant has used',
  description,
  tags: ['admin'],
  auth: 'admin',
  params: tenantParams,
  query: period,
  responses,
  errors: ['TENANT_NOT_FOUND'],
  async handler({ params, query, services }) {
    const { id } = await services.tenants.get(params.id)
    return { status: 200, body: show(await services.usage.report(id, query)) }
  },
})

function show({ from, to, totals, days }: UsageReport & UsagePeriod): z.output<typeof reportSchema> {
  return { from, to, totals: showSum(totals), days: days.map(({ day, ...sum }) => ({ day, ...showSum(sum) })) }
}

function showSum({ models, ...sum }: UsageSum) {
  return {
    ...sum,
    models: models.map(({ inputTokens, outputTokens, ...model }) => ({
      ...model,
      input_tokens: inputTokens,
      output_tokens: outputTokens,
    })),
  }
}
