import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { zipSync } from 'fflate'
import { describe, it } from 'mocha'
import { parseDocument } from '../../../api/ingestion/parsers/index.ts'
import { type ParsedDocument, UnreadableDocument } from '../../../api/ingestion/parsers/parser.ts'

const file = (name: string) => readFile(join(import.meta.dirname, '../../fixtures/documents', name))
const care = 'Check the seal every month.'

/** Name and media type are not told: the content is enough. */
const read = async (name: string, hint = {}) => parseDocument(await file(name), hint)

async function refusal(bytes: Uint8Array): Promise<string> {
  return parseDocument(bytes, {}).then(
    document => expect.fail(`was read as ${document.text.slice(0, 40)}`),
    (error: unknown) => {
      expect(error).to.be.instanceOf(UnreadableDocument)
      return (error as Error).message
    },
  )
}

/** Headings and page of the place where a text stands. */
function place({ text, sections }: ParsedDocument, part: string) {
  const at = text.indexOf(part)
  expect(at, `${part} in ${text}`).to.be.at.least(0)
  const { headings = [], page } = sections.findLast(({ start }) => start <= at) ?? {}
  return { headings, page }
}

describe('parsers: files of each format', () => {
  for (const [name, headings, page] of [
    ['pump.md', ['Pump P-100', 'Care'], undefined],
    ['pump.html', ['Pump P-100', 'Care'], undefined],
    ['pump.pdf', ['Care'], 2],
    ['pump.docx', ['Pump P-100', 'Care'], undefined],
    ['pump.pptx', ['Care'], 2],
    ['pump.xlsx', ['Care'], undefined],
    ['pump.epub', ['Care'], undefined],
    ['pump.eml', ['Pump P-100 – care'], undefined],
  ] as const)
    it(`${name}: text, title, headings and page`, async () => {
      const document = await read(name)
      expect(place(document, care)).to.deep.equal({ headings, page })
      expect(document.title).to.match(/^Pump P-100/)
      expect(document.text).not.to.include('Home')
    })

  it('pump.txt as it is', async () => {
    expect(await read('pump.txt')).to.deep.equal({ text: `The pump P-100 moves water.\n\n${care}\n`, sections: [] })
  })

  it('rows of tables say what their values are', async () => {
    const csv = await read('pump.csv', { filename: 'pump.csv' })
    expect(csv.text).to.equal('Part: Seal; Price: 4.20; Note: rubber, black\nPart: Rotor; Price: 80')
    expect((await read('pump.xlsx')).text).to.include('Part: Seal; Price: 4.2\nPart: Rotor; Price: 80')
    expect((await read('pump.docx')).text).to.match(/Part \| Price\nSeal \| 4\.20$/)
  })

  it('JSON, whole or a value a line, is told by its paths', async () => {
    const rows = 'part: Seal\nprice: 4.2'
    expect((await read('pump.json')).text).to.equal(`${rows}\nfits[0]: P-100\nfits[1]: P-200\n\npart: Rotor\nprice: 80`)
    expect((await read('pump.jsonl')).text).to.equal(`${rows}\n\npart: Rotor\nprice: 80`)
  })

  it('slides come in the order of the show, with tables of pages left out and notes kept', async () => {
    const { text } = await read('pump.pptx')
    expect(text).to.equal(`Pump P-100\n\nIt moves water & glycol.\n\nCare\n\n${care}\n\nShow the black ring.`)
  })

  it('a word that a line of a PDF divides is one word', async () => {
    expect((await read('pump.pdf')).text).to.include('from the reservoir to the roof')
  })

  it('a mail tells who wrote it and what hangs on it', async () => {
    expect((await read('pump.eml')).text)
      .to.include('From: Ada Miller <ada@example.org>')
      .and.include('Attachments: drawing.pdf')
  })
})

describe('parsers: files that cannot be read', () => {
  it('says that a PDF is encrypted', async () => {
    expect(await refusal(await file('encrypted.pdf'))).to.match(/encrypted.*without a password/)
  })

  it('says that a file is damaged, wherever it was cut off', async () => {
    for (const name of ['pump.docx', 'pump.pptx', 'pump.xlsx', 'pump.epub']) {
      const whole = await file(name)
      for (const share of [0.3, 0.6, 0.95])
        expect(await refusal(whole.subarray(0, whole.length * share)), `${name} ${share}`).to.match(/damaged|not read/)
    }
    expect(await refusal(Buffer.from('%PDF-1.7\n1 0 obj\n'))).to.match(/damaged/)
  })

  it('unpacks no bomb', async () => {
    const parts = { ...docxOf('x'), 'word/media/a.bin': new Uint8Array(64 * 1024 * 1024) }
    expect(await refusal(zipSync(parts, { level: 9 }))).to.match(/would unpack to more than 64 MiB.*fill memory/)
  }).timeout(60_000)

  it('expands no entities that a file declares itself', async () => {
    const bomb = `<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "${'&a;'.repeat(1000)}"><!ENTITY c "${'&b;'.repeat(1000)}">]>`
    const parts = { ...pptxOf(`${bomb}<p:presentation>&c;</p:presentation>`) }
    const started = process.memoryUsage().heapUsed
    expect(await refusal(zipSync(parts))).to.match(/damaged|empty/)
    expect(process.memoryUsage().heapUsed - started).to.be.below(200 * 1024 * 1024)
  })

  it('says which line of JSON Lines is none', async () => {
    expect(await refusal(Buffer.from('{"a": 1}\n{"b": \n'))).to.match(/line 2 is not JSON/)
  })
})

const utf8 = (text: string) => new TextEncoder().encode(text)
const types = (main: string, type: string) =>
  utf8(
    `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/${main}" ContentType="application/vnd.openxmlformats-officedocument.${type}+xml"/></Types>`,
  )

function docxOf(text: string) {
  const type = types('word/document.xml', 'wordprocessingml.document.main')
  return { '[Content_Types].xml': type, 'word/document.xml': utf8(`<w:document>${text}</w:document>`) }
}

function pptxOf(presentation: string) {
  const type = types('ppt/presentation.xml', 'presentationml.presentation.main')
  return { '[Content_Types].xml': type, 'ppt/presentation.xml': utf8(presentation) }
}
