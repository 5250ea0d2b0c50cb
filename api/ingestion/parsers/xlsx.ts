import { type Parser, UnreadableDocument } from './parser.ts'
import { coreTitle } from './office.ts'
import { type Cell, recordLines } from './records.ts'
import { TextBuilder } from './text-builder.ts'
import { unzip, withoutCompression } from './zip.ts'

/** Excel: a section a sheet, a line a row. Formulas are the values that were saved with them. */
export const xlsxParser: Parser = {
  format: 'xlsx',
  mediaTypes: ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  endings: ['xlsx'],
  async parse(bytes) {
    const files = unzip(bytes, path => path === 'docProps/core.xml')
    const builder = new TextBuilder()
    for (const { sheet, data } of await sheetsOf(bytes))
      builder.add(recordLines(data as readonly (readonly Cell[])[]), { headings: [sheet] })
    return builder.build(coreTitle(files))
  },
}

async function sheetsOf(bytes: Uint8Array) {
  // With the first workbook, for the same reason as mammoth.
  const { default: readWorkbook } = await import('read-excel-file/node')
  try {
    return await readWorkbook(Buffer.from(withoutCompression(bytes)))
  } catch (cause) {
    if (cause instanceof UnreadableDocument) throw cause
    throw new UnreadableDocument(`the workbook is damaged: ${(cause as Error).message}; save it again`, { cause })
  }
}
