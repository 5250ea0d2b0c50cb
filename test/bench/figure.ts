import { columns, round } from './columns.ts'

/** One thing that was promised, and how it came out. */
export interface Figure {
  readonly what: string
  readonly value: number
  readonly unit: string
  /** The value must be below; null: told only, unless the next says otherwise. */
  readonly below: number | null
  /** The value must be at least this. */
  readonly atLeast?: number
}

export function isKept({ value, below, atLeast }: Figure): boolean {
  return (below === null || value < below) && (atLeast === undefined || value >= atLeast)
}

export function figureTable(figures: readonly Figure[]): string {
  const rows = figures.map(figure => [
    figure.what,
    `${round(figure.value)} ${figure.unit}`,
    bound(figure),
    bound(figure) === '' ? '' : isKept(figure) ? 'kept' : 'BROKEN',
  ])
  return columns([['', 'measured', 'bound', ''], ...rows]).join('\n')
}

function bound({ below, atLeast, unit }: Figure): string {
  return below !== null ? `< ${below} ${unit}` : atLeast !== undefined ? `≥ ${atLeast} ${unit}` : ''
}
