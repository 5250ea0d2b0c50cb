import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { expect } from 'chai'
import { strToU8, zipSync } from 'fflate'
import { afterEach, describe, it } from 'mocha'
import { UnreadableDocument, UnsupportedDocument } from '../../api/ingestion/parsers/parser.ts'
import { ParserThreads, type ParserThreadsOptions } from '../../api/ingestion/parsers/parser-threads.ts'

const file = (name: string) => readFile(join(import.meta.dirname, '../fixtures/documents', name))

describe('parsers: threads', function () {
  this.timeout(60_000)
  let threads: ParserThreads
  const open = (options: Partial<ParserThreadsOptions> = {}) => (threads = new ParserThreads(options))
  afterEach(() => threads.close())

  const refusal = (bytes: Uint8Array, hint = {}) =>
    threads.parse(bytes, hint).then(
      () => expect.fail('was read'),
      (error: unknown) => error as Error,
    )

  it('reads files as they are read without threads, and several at once', async () => {
    open()
    const texts = await Promise.all(['pump.pdf', 'pump.docx', 'pump.txt'].map(async name => threads.parse(await file(name), {})))
    for (const { text } of texts) expect(text).to.include('Check the seal every month.')
  }) // prettier-ignore

  it('refuses with the same errors', async () => {
    open()
    expect(await refusal(await file('encrypted.pdf'))).to.be.instanceOf(UnreadableDocument)
    const png = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex')
    expect(await refusal(png)).to.be.instanceOf(UnsupportedDocument)
  })

  it('leaves the event loop to queries while it reads a large file', async () => {
    open()
    const table = largeTable(300_000)
    await threads.parse(await file('pump.pdf'), {}) // the thread has started
    performance.eventLoopUtilization()
    const before = performance.eventLoopUtilization()
    const { text } = await threads.parse(table, { filename: 'a.csv' })
    const { utilization } = performance.eventLoopUtilization(before)
    expect(text.length).to.be.greaterThan(table.length)
    expect(utilization, 'share of the time in which the main thread computed').to.be.below(0.5)
  })

  it('gives up a file that takes too long, and reads the next one', async () => {
    open({ timeoutMs: 50, threads: 1 })
    const error = await refusal(largeTable(2_000_000), { filename: 'a.csv' })
    expect(error).to.be.instanceOf(UnreadableDocument)
    expect(error.message).to.match(/csv file was not read within 0\.05 s/)
    await threads.close()
    open({ threads: 1 })
    expect((await threads.parse(await file('pump.pdf'), {})).text).to.include('seal')
  })

  it('gives up a file that takes too much memory, and reads the next one', async () => {
    open({ memoryMb: 48, threads: 1 })
    const error = await refusal(largeSheet(200_000))
    expect(error).to.be.instanceOf(UnreadableDocument)
    expect(error.message).to.match(/needs more than 48 MiB/)
    expect((await threads.parse(await file('pump.pdf'), {})).text).to.include('seal')
  })
})

function largeTable(rows: number): Uint8Array {
  return Buffer.from(`Part,Price\n${'Seal,4.20\n'.repeat(rows)}`)
}

/** Rows that differ, so that it packs like a real one. */
function largeSheet(rows: number): Uint8Array {
  const ns = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"' // prettier-ignore
  const types = '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>' // prettier-ignore
  const cells = Array.from({ length: rows }, (_, index) => `<row r="${index + 1}"><c r="A${index + 1}"><v>${(index * 7919) % 1_000_003}</v></c></row>`) // prettier-ignore
  const relation = (kind: string, target: string) =>
    `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/${kind}" Target="${target}"/></Relationships>`
  return zipSync({
    '[Content_Types].xml': strToU8(types),
    '_rels/.rels': strToU8(relation('officeDocument', 'xl/workbook.xml')),
    'xl/workbook.xml': strToU8(`<workbook ${ns}><sheets><sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>`),
    'xl/_rels/workbook.xml.rels': strToU8(relation('worksheet', 'worksheets/sheet1.xml')),
    'xl/worksheets/sheet1.xml': strToU8(`<worksheet ${ns}><sheetData>${cells.join('')}</sheetData></worksheet>`),
  })
}
