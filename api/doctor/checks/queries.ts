import type { Knex } from 'knex'
import { type Check, ok, warning } from '../check.ts'

const SLOW_MS = 1000
const LONG_SECONDS = 5

interface Activity {
  readonly running: number
  readonly seconds: number | null
  readonly query: string | null
  readonly waiting: number
  readonly idle: number
}

/** What runs long now, waits for locks, or holds a transaction open; and what was slow on average, where that is counted. */
export const queriesCheck: Check = {
  name: 'queries',
  needs: ['database'],
  async examine({ database }) {
    const { running, seconds, query, waiting, idle } = await activity(database)
    const slow = await slowStatement(database)
    if (waiting > 0) return warning(`${waiting} queries wait for a lock`, query ? `among those that run: ${query}` : 'somebody holds a row or a table', `SELECT pid, pg_blocking_pids(pid), query FROM pg_stat_activity WHERE wait_event_type = 'Lock'; end the one that blocks with pg_terminate_backend(pid)`) // prettier-ignore
    if (running > 0) return warning(`${running} queries run for more than ${LONG_SECONDS} s, the longest for ${Math.round(seconds ?? 0)} s`, query ?? '', 'EXPLAIN (ANALYZE, BUFFERS) it; VACUUM ANALYZE the tables in it; see docs/operations/troubleshooting/slow-queries.md') // prettier-ignore
    if (idle > 0) return warning(`${idle} transactions have been open and idle for more than a minute`, 'a client forgot them; they keep locks and old rows', 'set idle_in_transaction_session_timeout, and see application_name in pg_stat_activity') // prettier-ignore
    if (slow === null) return ok('none is slow now; pg_stat_statements is not there, so the past is not known')
    if (slow) return warning(`a statement takes ${slow.mean} ms on average (${slow.calls} calls)`, slow.query, 'EXPLAIN (ANALYZE, BUFFERS) it; VACUUM ANALYZE; see docs/operations/troubleshooting/slow-queries.md') // prettier-ignore
    return ok('none is slow')
  },
}

async function activity(database: Knex): Promise<Activity> {
  const { rows } = await database.raw<{ rows: Activity[] }>(
    `WITH others AS (
       SELECT state, wait_event_type, left(regexp_replace(query, '\\s+', ' ', 'g'), 160) AS query,
              extract(epoch FROM clock_timestamp() - query_start)::float AS seconds,
              extract(epoch FROM clock_timestamp() - state_change)::float AS since
       FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend')
     SELECT (SELECT count(*)::int FROM others WHERE state = 'active' AND seconds > :long) AS running,
            (SELECT max(seconds) FROM others WHERE state = 'active') AS seconds,
            (SELECT query FROM others WHERE state = 'active' ORDER BY seconds DESC LIMIT 1) AS query,
            (SELECT count(*)::int FROM others WHERE wait_event_type = 'Lock') AS waiting,
            (SELECT count(*)::int FROM others WHERE state LIKE 'idle in transaction%' AND since > 60) AS idle`,
    { long: LONG_SECONDS },
  )
  return rows[0]!
}

/** Null where nobody counts; undefined when none is slow. */
async function slowStatement(
  database: Knex,
): Promise<{ mean: number; calls: number; query: string } | null | undefined> {
  const { rows: extension } = await database.raw<{ rows: unknown[] }>(`SELECT FROM pg_extension WHERE extname = 'pg_stat_statements'`) // prettier-ignore
  if (extension.length === 0) return null
  const { rows } = await database.raw<{ rows: { mean: number; calls: number; query: string }[] }>(
    `SELECT round(mean_exec_time)::int AS mean, calls::int, left(regexp_replace(query, '\\s+', ' ', 'g'), 160) AS query
     FROM pg_stat_statements WHERE mean_exec_time > ? AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
     ORDER BY total_exec_time DESC LIMIT 1`,
    [SLOW_MS],
  )
  return rows[0]
}
