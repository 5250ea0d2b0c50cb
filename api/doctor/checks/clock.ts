import { type Check, ok, warning } from '../check.ts'

const MOST_MS = 2000

/** Keys expire, limits count and jobs wait by the clock; two clocks that differ make each of them wrong. */
export const clockCheck: Check = {
  name: 'clock',
  needs: ['database'],
  async examine({ database, now }) {
    const before = now().getTime()
    const { rows } = await database.raw<{ rows: { at: Date }[] }>('SELECT clock_timestamp() AS at')
    const after = now().getTime()
    // The question took its time on both ways.
    const difference = Math.round((before + after) / 2 - rows[0]!.at.getTime())
    const off = Math.max(0, Math.abs(difference) - (after - before))
    if (off <= MOST_MS) return ok(`${Math.abs(difference)} ms from Postgres'`)
    const seconds = (difference / 1000).toFixed(1)
    return warning(`${seconds} s from Postgres'`, 'the clock of this host or of the database is wrong', 'let both follow a time server (timedatectl set-ntp true; chronyc tracking)') // prettier-ignore
  },
}
