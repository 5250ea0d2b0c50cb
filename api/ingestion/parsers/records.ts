/** A cell as its reader gives it. */
export type Cell = string | number | boolean | Date | null | undefined

/**
 * A table as text, a row a line: `Part: M4 bolt; Price: 0.12` when the first row names the columns, so that a row tells by
 * itself what its values are; else the values between `|`. Empty cells and rows are left out.
 */
export function recordLines(rows: readonly (readonly Cell[])[]): string {
  const texts = rows.map(row => row.map(cellText)).filter(row => row.some(cell => cell !== ''))
  const [first, ...rest] = texts
  if (!first) return ''
  if (!namesColumns(first, rest)) return texts.map(row => row.filter(cell => cell !== '').join(' | ')).join('\n')
  return rest
    .map(row =>
      row.flatMap((cell, index) => (cell === '' ? [] : [first[index] ? `${first[index]}: ${cell}` : cell])).join('; '),
    ) // prettier-ignore
    .join('\n')
}

/** Words, all different, above rows that are no wider: what people write into the first row of a table. */
function namesColumns(first: readonly string[], rest: readonly (readonly string[])[]): boolean {
  const names = first.filter(name => name !== '')
  const distinct = new Set(names).size === names.length
  const wordy = names.length > 1 && names.every(name => name.length <= 80 && /\p{L}/u.test(name))
  return distinct && wordy && rest.length > 0 && rest.every(row => row.length <= first.length)
}

function cellText(cell: Cell): string {
  if (cell === null || cell === undefined) return ''
  if (cell instanceof Date) return cell.toISOString().replace(/T00:00:00\.000Z$/, '')
  return String(cell).replace(/\s+/g, ' ').trim()
}
