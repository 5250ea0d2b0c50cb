/** A Markdown table; cells may hold anything but line breaks. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeCell).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

/** `value` as inline code; nothing for nothing. */
export function code(value: unknown): string {
  if (value === undefined || value === '') return ''
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
}
