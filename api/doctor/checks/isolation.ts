import { readIsolationCheck } from '../../stores/postgres/isolation-check.ts'
import { type Check, failed, ok, skipped, warning } from '../check.ts'

/** The check runs daily: this much later one has been missed. */
const STALE_DAYS = 3
const DAY_MS = 86_400_000

/** What the newest check of isolation has found. Trying writes points, which no check of the doctor's does. */
export const isolationCheck: Check = {
  name: 'isolation',
  needs: ['migrations'],
  async examine({ database, now }) {
    const check = await readIsolationCheck(database)
    if (!check) return skipped('never checked here; selfrag maintain --only isolation does, the worker every night, an operator by itself') // prettier-ignore
    const { at, tenants, unchecked, broken } = check
    const days = (now().getTime() - at.getTime()) / DAY_MS
    const age = `checked ${days < 1 ? `${Math.round(days * 24)} hours` : `${Math.round(days)} days`} ago`
    const [worst] = Object.entries(broken)
    if (worst)
      return failed(
        `${Object.keys(broken).length} of ${tenants} tenants could reach what is not their own, ${age}: ${worst[0]} could ${worst[1].slice(0, 3).join(', ')}`,
        'something was granted to the role of the tenant or to PUBLIC, or the vector store forgets whose points a search may reach',
        'docs/operations/monitoring.md#isolationbroken; then selfrag maintain --only isolation',
      )
    if (days > STALE_DAYS) return warning(`${tenants} tenants, ${age}`, 'no worker has run at night, or SCHEDULED_ISOLATION_CHECK is off', 'selfrag maintain --only isolation') // prettier-ignore
    return ok(
      `${tenants} tenants were refused what is not their own, ${age}${unchecked > 0 ? `; ${unchecked} could not be checked` : ''}`,
    )
  },
}
