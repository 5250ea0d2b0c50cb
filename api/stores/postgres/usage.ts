import type { Knex } from 'knex'
import { CONTROL_SCHEMA } from '../../contract/names.ts'

/** What is counted for a tenant. The first ones are of no model. */
export const usageMetrics = [
  'requests',
  'retrievals',
  'answers',
  'documents',
  'chunks',
  'llm_calls',
  'llm_input_tokens',
  'llm_output_tokens',
  'embedding_calls',
  'embedding_texts',
  'embedding_input_tokens',
  'rerank_calls',
  'rerank_texts',
  'rerank_input_tokens',
] as const
export type UsageMetric = (typeof usageMetrics)[number]

/** How much of one thing one tenant used on one day. */
export interface UsageCount {
  readonly tenantId: string
  /** In UTC: `2026-11-24`. */
  readonly day: string
  readonly metric: UsageMetric
  /** Both are empty where no model is concerned. */
  readonly provider: string
  readonly model: string
  readonly count: number
}

/**
 * Adds to what is there, all or nothing, in one statement. What was counted for a tenant that is gone is left out.
 * Written in the order of the key, so that two replicas never wait for each other in a circle.
 */
export async function addUsage(database: Knex, counts: readonly UsageCount[]): Promise<void> {
  const column = <K extends keyof UsageCount>(name: K) => counts.map(count => count[name])
  await database.raw(
    `INSERT INTO ${CONTROL_SCHEMA}.usage AS known (tenant_id, day, metric, provider, model, count)
     SELECT added.* FROM unnest(?::uuid[], ?::date[], ?::text[], ?::text[], ?::text[], ?::bigint[])
              AS added (tenant_id, day, metric, provider, model, count)
      WHERE EXISTS (SELECT 1 FROM ${CONTROL_SCHEMA}.tenants WHERE id = added.tenant_id)
      ORDER BY tenant_id, day, metric, provider, model
     ON CONFLICT (tenant_id, day, metric, provider, model) DO UPDATE SET count = known.count + excluded.count`,
    [column('tenantId'), column('day'), column('metric'), column('provider'), column('model'), column('count')],
  )
}

/** What a tenant used from one day to another, both included, ordered by day, provider and model. */
export async function readUsage(database: Knex, tenantId: string, from: string, to: string): Promise<UsageCount[]> {
  const { rows } = await database.raw<{ rows: (Omit<UsageCount, 'count'> & { count: string })[] }>(
    `SELECT tenant_id AS "tenantId", day::text AS day, metric, provider, model, count
       FROM ${CONTROL_SCHEMA}.usage
      WHERE tenant_id = ? AND day BETWEEN ?::date AND ?::date
      ORDER BY day, provider, model, metric`,
    [tenantId, from, to],
  )
  return rows.map(row => ({ ...row, count: Number(row.count) }))
}
