import {
  type IsolationCheck,
  readIsolationCheck,
  STALE_MS,
  untriedSince,
} from '../../stores/postgres/isolation-check.ts'
import { type Check, failed, type Finding, ok, skipped, warning } from '../check.ts'

const DAY_MS = 86_400_000
const BY_HAND =
  'SCHEDULED_ISOLATION_CHECK is off: an operator checks by itself, else selfrag maintain --only isolation does'

/** What the newest check of isolation has found. Trying writes points, which no check of the doctor's does. */
export const isolationCheck: Check = {
  name: 'isolation',
  needs: ['migrations'],
  async examine({ configuration, database, now }) {
    const check = await readIsolationCheck(database)
    const since = await untriedSince(database, check)
    if (!since) return skipped('there are no tenants yet')
    const ageMs = now().getTime() - since.getTime()
    if (check && Object.keys(check.broken).length > 0) return broken(check, ageMs)
    const found = check ? `${check.tenants} tenants were refused what is not their own, checked ${ago(ageMs)}${unchecked(check)}` : null // prettier-ignore
    // Nobody has promised to renew it here, so that its age says nothing.
    if (configuration.SCHEDULED_ISOLATION_CHECK === 'off') return found ? ok(`${found}, by hand; ${BY_HAND}`) : skipped(`never checked here; ${BY_HAND}`) // prettier-ignore
    if (ageMs > STALE_MS) return warning(found ?? `never checked, and the oldest tenant was made ${ago(ageMs)}`, 'no worker has run at night, or its task failed: its log says `a scheduled task failed`', 'selfrag maintain --only isolation') // prettier-ignore
    return found ? ok(found) : skipped('not checked yet; the worker does it every night')
  },
}

function broken({ broken, tenants }: IsolationCheck, ageMs: number): Finding {
  const [[slug, reached] = ['', []]] = Object.entries(broken)
  return failed(
    `${Object.keys(broken).length} of ${tenants} tenants could reach what is not their own, checked ${ago(ageMs)}: ${slug} could ${reached.slice(0, 3).join(', ')}`,
    'something was granted to the role of the tenant or to PUBLIC, or the vector store forgets whose points a search may reach',
    'docs/operations/monitoring.md#isolationbroken; then selfrag maintain --only isolation',
  )
}

function unchecked({ unchecked: count }: IsolationCheck): string {
  return count > 0 ? ` (${count} could not be checked)` : ''
}

function ago(ms: number): string {
  const days = ms / DAY_MS
  return days < 1 ? `${Math.round(days * 24)} hours ago` : `${Math.round(days)} days ago`
}
