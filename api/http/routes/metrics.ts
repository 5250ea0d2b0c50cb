import { z } from 'zod'
import { defineRoute } from '../route.ts'

const callSchema = z.object({ count: z.int(), avg_latency_ms: z.number(), error_rate: z.number() })

export const metrics = defineRoute({
  method: 'get',
  path: '/metrics',
  operationId: 'metrics',
  summary: 'Figures about this process',
  description: 'In the format of Prometheus; as JSON with `Accept: application/json`.',
  tags: ['operations'],
  auth: 'public',
  headers: z.object({ accept: z.string().optional().describe('`application/json` for JSON.') }),
  responses: {
    200: {
      description: 'Figures since the start of this process.',
      text: 'text/plain',
      schema: z.object({
        service: z.object({
          uptime_seconds: z.number(),
          uptime_human: z.string(),
          timestamp: z.iso.datetime(),
          version: z.string(),
          environment: z.string(),
        }),
        config: z.object({
          llm_provider: z.string(),
          llm_model: z.string().nullable(),
          embedding_provider: z.string(),
          embedding_model: z.string().nullable(),
          embedding_dim: z.int().nullable(),
        }),
        stats: z.object({
          calls: z.record(z.string(), callSchema),
          retrievals: z.record(z.string(), callSchema),
          caches: z.record(z.string(), z.object({ count: z.int(), hit_rate: z.number() })),
          database: z.object({ active_connections: z.int(), pool_size: z.int(), avg_query_time_ms: z.number() }),
        }),
      }),
    },
  },
  async handler({ headers, services }) {
    if (wantsJson(headers.accept)) return { status: 200, body: await services.statistics.summary() }
    const { text, contentType } = await services.statistics.prometheus()
    return { status: 200, text, headers: { 'Content-Type': contentType } }
  },
})

/** Prometheus itself asks for several text formats; only who names JSON gets it. */
function wantsJson(accept: string | undefined): boolean {
  return (accept ?? '').split(',').some(range => range.trim().split(';')[0]?.toLowerCase() === 'application/json')
}
