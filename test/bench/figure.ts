import { columns, round } from './columns.ts'

/** One thing that was promised, and how it came out. */
export interface Figure {
  readonly what: string
  readonly value: number
  readonly unit: string
  /** The value must be below; null: told only. */
  readonly below: number | null
}

export function isKept({ value, below }: Figure): boolean {
  return below === null || value < below
}

export function figureTable(figures: readonly Figure[]): string {
  const rows = figures.map(figure => [
    figure.what,
    `${round(figure.value)} ${figure.unit}`,
    figure.below === null ? '' : `< ${figure.below} ${figure.unit}`,
    figure.below === null ? '' : isKept(figure) ? 'kept' : 'BROKEN',
  ])
  return columns([['', 'measured', 'bound', ''], ...rows]).join('\n')
}
