import type { Examination } from './run-checks.ts'

const words = { ok: 'ok', warning: 'WARNING', failed: 'FAILED', skipped: 'skipped' } as const
const INDENT = ' '.repeat(15)

/** For people: a line a check, and below what is amiss why and what to do. Pure. */
export function textReport(examinations: readonly Examination[]): string {
  const lines = examinations.flatMap(({ check, status, message, cause, remedy }) => [
    `${check.padEnd(14)} ${words[status].padEnd(8)} ${message}`,
    ...(cause ? [`${INDENT}why      ${cause}`] : []),
    ...(remedy ? [`${INDENT}do       ${remedy}`] : []),
  ])
  return `${[...lines, '', summary(examinations)].join('\n')}\n`
}

function summary(examinations: readonly Examination[]): string {
  const count = (status: Examination['status']) => examinations.filter(one => one.status === status).length
  const failures = count('failed')
  const told = `${count('ok')} ok, ${count('warning')} warnings, ${failures} failed, ${count('skipped')} skipped`
  return failures === 0 ? `${told}.` : `${told}. Begin with the first that failed; others may follow from it.`
}

/** For programs. Pure. */
export function jsonReport(examinations: readonly Examination[], at: Date): string {
  const ok = examinations.every(({ status }) => status !== 'failed')
  return `${JSON.stringify({ ok, timestamp: at.toISOString(), checks: examinations }, null, 2)}\n`
}
