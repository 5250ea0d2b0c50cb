import type { Knex } from 'knex'
import { SharedWork } from '../stores/caches/shared-work.ts'
import { readIsolationCheck, STALE_MS, untriedSince } from '../stores/postgres/isolation-check.ts'
import type { Metrics } from '../metrics.ts'

export interface IsolationMetricsParts {
  readonly database: Knex
  /** Whether a schedule renews the result: SCHEDULED_ISOLATION_CHECK. */
  readonly scheduled: boolean
  readonly now: () => Date
}

/**
 * What the newest check of isolation has found. Where nobody renews it (an operator checks by itself), one that was made by
 * hand is told for some days and then forgotten: alerts on it would never end.
 */
export function observeIsolation(parts: IsolationMetricsParts, metrics: Metrics): void {
  // Both gauges are collected at the same time.
  const reading = new SharedWork()
  const newest = () => reading.do('newest', () => read(parts)).catch(() => null)
  metrics.addGauge(
    'isolation_broken_tenants',
    'Tenants that could reach what is not their own when it was tried last.',
    [],
    async set => {
      const found = await newest()
      if (found?.check) set(Object.keys(found.check.broken).length)
    },
  )
  metrics.addGauge(
    'isolation_last_check_timestamp_seconds',
    'When it was tried last whether tenants can reach what is not their own; before the first time, when the oldest tenant was made.',
    [],
    async set => {
      const found = await newest()
      if (found?.since) set(found.since.getTime() / 1000)
    },
  )
}

async function read({ database, scheduled, now }: IsolationMetricsParts) {
  const check = await readIsolationCheck(database)
  if (scheduled) return { check, since: await untriedSince(database, check) }
  return check && now().getTime() - check.at.getTime() < STALE_MS ? { check, since: check.at } : null
}
