import { decodeText } from './decode-text.ts'
import { type Parser, type ParsedDocument, UnreadableDocument } from './parser.ts'
import { TextBuilder } from './text-builder.ts'

/** One value, or a value a line (JSON Lines). Each entry of an outermost list becomes a paragraph of `path: value` lines. */
export const jsonParser: Parser = {
  format: 'json',
  mediaTypes: ['application/json', 'application/jsonl', 'application/x-ndjson', 'application/ndjson'],
  endings: ['json', 'jsonl', 'ndjson'],
  async parse(bytes) {
    const text = decodeText(bytes).replace(/^\ufeff/, '')
    const whole = tryParse(text)
    const entries = whole === undefined ? linesOf(text) : Array.isArray(whole.value) ? whole.value : [whole.value]
    return document(entries)
  },
}

function document(entries: readonly unknown[]): ParsedDocument {
  const builder = new TextBuilder()
  for (const entry of entries) builder.add(flatten(entry).join('\n'))
  return builder.build()
}

function tryParse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

/** @throws UnreadableDocument naming the line that is not JSON */
function linesOf(text: string): unknown[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    try {
      return [JSON.parse(line) as unknown]
    } catch (cause) {
      throw new UnreadableDocument(
        `line ${index + 1} is not JSON (${(cause as Error).message}); send one JSON value, or one a line`,
        { cause },
      )
    }
  })
}

/** Lines `a.b[0]: value`, without recursion: JSON may be nested 100,000 deep. */
function flatten(value: unknown): string[] {
  const lines: string[] = []
  const open: Placed[] = [{ path: '', value }]
  for (let next = open.pop(); next; next = open.pop()) {
    const { path, value } = next
    if (typeof value === 'object' && value !== null) open.push(...innerOf(path, value).reverse())
    else if (value !== null && value !== '') lines.push(lineOf(path, value as string | number | boolean))
  }
  return lines
}

interface Placed {
  readonly path: string
  readonly value: unknown
}

function innerOf(path: string, value: object): Placed[] {
  if (Array.isArray(value)) return value.map((item: unknown, index) => ({ path: `${path}[${index}]`, value: item }))
  return Object.entries(value).map(([key, item]) => ({
    path: path === '' ? key : `${path}.${key}`,
    value: item as unknown,
  }))
}

const LONGEST_PATH = 200

function lineOf(path: string, value: string | number | boolean): string {
  if (path === '') return String(value)
  const shown = path.length <= LONGEST_PATH ? path : `…${path.slice(-LONGEST_PATH)}`
  return `${shown}: ${value}`
}
