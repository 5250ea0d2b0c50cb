import type { LegWorth } from '../../contract/leg-worth.ts'
import type { LexicalStatisticsRow } from './rows.ts'
import type { TenantTransaction } from './tenant-scope.ts'

type Tenant = Pick<TenantTransaction, 'sql'>

function table({ sql }: Tenant) {
  return sql<LexicalStatisticsRow>('lexical_statistics')
}

/** Rows of those of the knowledge bases that have one, with their terms: some MB for a large one. */
export async function readStatistics(
  tenant: Tenant,
  knowledgeBaseIds: readonly string[],
): Promise<LexicalStatisticsRow[]> {
  // prettier-ignore
  return table(tenant).whereIn('kb_id', [...knowledgeBaseIds])
}

export type StatisticsSummary = Pick<
  LexicalStatisticsRow,
  'chunk_count' | 'average_length' | 'weighted_with' | 'reweighing' | 'leg_worth' | 'updated_at'
>

export async function readSummary(tenant: Tenant, knowledgeBaseId: string): Promise<StatisticsSummary | null> {
  const row = await table(tenant)
    .where({ kb_id: knowledgeBaseId })
    .first('chunk_count', 'average_length', 'weighted_with', 'reweighing', 'leg_worth', 'updated_at')
  return row ?? null
}

/** Settles on an average for the first documents of a knowledge base; whoever comes second gets the first one's. */
export async function agreeOnWeight(tenant: Tenant, knowledgeBaseId: string, average: number): Promise<number> {
  await table(tenant)
    .insert({
      kb_id: knowledgeBaseId,
      chunk_count: 0,
      average_length: average,
      weighted_with: average,
      terms: [],
      frequencies: [],
    })
    .onConflict('kb_id')
    .ignore()
  const summary = await readSummary(tenant, knowledgeBaseId)
  if (!summary) throw new Error(`knowledge base ${knowledgeBaseId} has no lexical statistics`)
  return summary.weighted_with
}

/**
 * Counts the chunks of a knowledge base anew, on the server: 1,400 abstracts take 60 ms, 100,000 chunks some seconds.
 * `weighted_with` stays, or begins as the average.
 */
export async function recount({ sql }: Tenant, knowledgeBaseId: string): Promise<void> {
  await sql.raw(
    `INSERT INTO lexical_statistics (kb_id, chunk_count, average_length, weighted_with, terms, frequencies, updated_at)
     SELECT :kb::uuid, totals.chunks, totals.average, totals.average, counted.terms, counted.frequencies, now()
       FROM (SELECT count(*)::int AS chunks, coalesce(avg(length), 0)::real AS average
               FROM chunks WHERE kb_id = :kb) AS totals,
            (SELECT coalesce(array_agg(term ORDER BY term), '{}') AS terms,
                    coalesce(array_agg(holders ORDER BY term), '{}') AS frequencies
               FROM (SELECT term, count(*)::int AS holders
                       FROM chunks, unnest(terms) AS term WHERE kb_id = :kb GROUP BY term) AS each) AS counted
     ON CONFLICT (kb_id) DO UPDATE SET chunk_count = excluded.chunk_count, average_length = excluded.average_length,
       terms = excluded.terms, frequencies = excluded.frequencies, updated_at = excluded.updated_at`,
    { kb: knowledgeBaseId },
  )
}

/** From now on new chunks are weighted with `average`, and the old ones are to follow. */
export async function beginReweighing(tenant: Tenant, knowledgeBaseId: string, average: number): Promise<void> {
  await table(tenant).where({ kb_id: knowledgeBaseId }).update({ weighted_with: average, reweighing: true })
}

export async function endReweighing(tenant: Tenant, knowledgeBaseId: string): Promise<void> {
  await table(tenant).where({ kb_id: knowledgeBaseId }).update({ reweighing: false })
}

/** Written as a whole; a count that runs at the same time leaves it alone. */
export async function writeLegWorth(tenant: Tenant, knowledgeBaseId: string, worth: LegWorth): Promise<void> {
  await table(tenant)
    .where({ kb_id: knowledgeBaseId })
    .update({ leg_worth: tenant.sql.raw('?::jsonb', [JSON.stringify(worth)]) })
}
