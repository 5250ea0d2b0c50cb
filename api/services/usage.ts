import type { Knex } from 'knex'
import { ApiError } from '../contract/error-codes.ts'
import { readUsage } from '../stores/postgres/usage.ts'
import type { UsageMeter } from '../usage/usage-meter.ts'
import { type UsageReport, usageReport } from '../usage/usage-report.ts'

/** Days in UTC, both included. */
export interface UsagePeriod {
  readonly from: string
  readonly to: string
}

export type WantedPeriod = { readonly [Day in keyof UsagePeriod]?: string | undefined }

const DAY_MS = 86_400_000
const DEFAULT_DAYS = 30
const MOST_DAYS = 366

/** Tells what tenants used. */
export class UsageService {
  readonly #database: Knex
  readonly #meter: UsageMeter
  readonly #now: () => Date

  constructor({ database, meter, now }: { database: Knex; meter: UsageMeter; now: () => Date }) {
    this.#database = database
    this.#meter = meter
    this.#now = now
  }

  get meter(): UsageMeter {
    return this.#meter
  }

  /**
   * What one tenant used; by default the last 30 days. Other replicas and workers add what they counted within seconds.
   * @throws ApiError VALIDATION_ERROR for a period that is none, or longer than a year
   */
  async report(tenantId: string, wanted: WantedPeriod): Promise<UsageReport & UsagePeriod> {
    const period = periodOf(wanted, this.#now())
    await this.#meter.flush()
    return { ...period, ...usageReport(await readUsage(this.#database, tenantId, period.from, period.to)) }
  }
}

/** What is left out follows from the rest. Pure. */
export function periodOf(wanted: WantedPeriod, now: Date): UsagePeriod {
  const to = wanted.to ?? (wanted.from ? later(wanted.from, now) : dayOf(now.getTime()))
  const from = wanted.from ?? dayOf(Date.parse(to) - (DEFAULT_DAYS - 1) * DAY_MS)
  if (from > to) throw new ApiError('VALIDATION_ERROR', `from: ${from} is after ${to}, the last day of the period`) // prettier-ignore
  if (Date.parse(to) - Date.parse(from) >= MOST_DAYS * DAY_MS)
    throw new ApiError('VALIDATION_ERROR', `from: ${from} to ${to} is longer than ${MOST_DAYS} days; ask for less at a time`) // prettier-ignore
  return { from, to }
}

/** Today, or the first day of a period that begins later. */
function later(day: string, now: Date): string {
  const today = dayOf(now.getTime())
  return day > today ? day : today
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}
