import { type Check, type Finding, type Patient, skipped } from './check.ts'

export interface Examination extends Finding {
  readonly check: string
  readonly milliseconds: number
}

const TIMEOUT_MS = 10_000

/** Runs checks one after the other: their times are then their own, and the order is that of the report. */
export async function runChecks(checks: readonly Check[], patient: Patient): Promise<Examination[]> {
  const done: Examination[] = []
  for (const check of checks) {
    const started = performance.now()
    const missing = (check.needs ?? []).find(name => done.some(one => one.check === name && isUseless(one)))
    const finding = missing ? skipped(`needs ${missing}`) : await examine(check, patient)
    done.push({ check: check.name, ...finding, milliseconds: Math.round(performance.now() - started) })
  }
  return done
}

function isUseless({ status }: Examination): boolean {
  return status === 'failed' || status === 'skipped'
}

async function examine(check: Check, patient: Patient): Promise<Finding> {
  const limit = check.timeoutMs?.(patient) ?? TIMEOUT_MS
  const signal = AbortSignal.timeout(limit)
  const expired = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(new Error(`no answer in ${limit / 1000} s`))),
  )
  try {
    return await Promise.race([check.examine(patient, signal), expired])
  } catch (error) {
    const message = signal.aborted ? `no answer in ${limit / 1000} s` : plain(error)
    return { status: 'failed', message, remedy: `see the page of this check: docs/operations/troubleshooting` }
  }
}

/** Messages of drivers can hold an address with a password in it. */
export function plain(error: unknown): string {
  const message = error instanceof Error ? error.message || error.name : String(error)
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : ''
  return (message.includes(code.slice(2, -1)) ? message : message + code).replace(/\/\/[^@/\s]*@/g, '//').slice(0, 300)
}
