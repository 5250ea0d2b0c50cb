import { z } from 'zod'
import { defineRoute } from '../route.ts'

const tags = ['operations']

export const health = defineRoute({
  method: 'get',
  path: '/health',
  operationId: 'health',
  summary: 'Whether the process works',
  tags,
  auth: 'public',
  responses: { 200: { description: 'It does.', schema: z.object({ status: z.literal('ok') }) } },
  async handler() {
    return { status: 200, body: { status: 'ok' as const } }
  },
})

const readinessSchema = z
  .object({
    status: z.enum(['ok', 'degraded', 'error']).describe('`degraded`: something optional is away.'),
    checks: z.record(
      z.string(),
      z.object({ status: z.enum(['ok', 'error']), message: z.string(), latency_ms: z.number() }),
    ),
    timestamp: z.iso.datetime(),
  })
  .meta({ id: 'Readiness' })

export const ready = defineRoute({
  method: 'get',
  path: '/ready',
  operationId: 'ready',
  summary: 'Whether all that the service needs can be used',
  tags,
  auth: 'public',
  responses: {
    200: { description: 'All that is needed can.', schema: readinessSchema },
    503: { description: 'Something that is needed cannot; its message says why.', schema: readinessSchema },
  },
  async handler({ services }) {
    const readiness = await services.readiness.check()
    const body = { ...readiness, checks: { ...readiness.checks } }
    return readiness.status === 'error' ? { status: 503, body } : { status: 200, body }
  },
})
