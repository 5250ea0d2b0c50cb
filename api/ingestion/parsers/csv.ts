import { CsvError, parse } from 'csv-parse/sync'
import { decodeText, refuseBlank } from './decode-text.ts'
import { type Parser, UnreadableDocument } from './parser.ts'
import { recordLines } from './records.ts'

/** Tables as text, separated by commas, semicolons or tabs, whichever the first lines have most of. */
export const csvParser: Parser = {
  format: 'csv',
  mediaTypes: ['text/csv', 'text/tab-separated-values', 'application/csv'],
  endings: ['csv', 'tsv'],
  async parse(bytes) {
    const text = decodeText(bytes)
    return { text: refuseBlank(recordLines(rowsOf(text))), sections: [] }
  },
}

function rowsOf(text: string): string[][] {
  try {
    return parse(text, { delimiter: separatorOf(text), relax_column_count: true, relax_quotes: true, bom: true })
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause
    throw new UnreadableDocument(`the table cannot be read: ${cause.message}; check the quotes there`, { cause })
  }
}

function separatorOf(text: string): string {
  const head = text.slice(0, 4096).split('\n').slice(0, 5).join('\n')
  const count = (mark: string) => head.split(mark).length
  return [',', ';', '\t', '|'].reduce((best, mark) => (count(mark) > count(best) ? mark : best))
}
