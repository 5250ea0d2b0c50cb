import { columns, round } from '../columns.ts'
import { type Figure, figureTable } from '../figure.ts'

export interface Result {
  readonly tenants: number
  readonly quietSeconds: number
  readonly workers: number
  readonly figures: readonly Figure[]
  /** Round trips, statements and requests for one tenant, by phase. */
  readonly perTenant: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Seconds that each program has computed, by phase. */
  readonly cpuSeconds: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Of the whole machine, when it ended. */
  readonly loadAverage: number
}

export function table({ tenants, figures, perTenant, cpuSeconds, loadAverage }: Result): string {
  return [
    `${tenants} tenants, load average ${round(loadAverage)}`,
    '',
    figureTable(figures),
    '',
    'for one tenant',
    ...columns(phases(perTenant)),
    '',
    'CPU seconds',
    ...columns(phases(cpuSeconds)),
  ].join('\n')
}

function phases(values: Result['perTenant']): string[][] {
  const names = [...new Set(Object.values(values).flatMap(Object.keys))]
  const rows = names.map(name => [name, ...Object.values(values).map(phase => String(round(phase[name] ?? 0)))])
  return [['', ...Object.keys(values)], ...rows]
}
