import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import type { Parser, ParsedDocument } from '../../api/ingestion/parsers/parser.ts'
import { UnreadableDocument } from '../../api/ingestion/parsers/parser.ts'
import { checkPromises } from './chunker.ts'
import { chunkers } from '../../api/ingestion/chunkers/index.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)

/**
 * What every parser must keep.
 * @param wrap a file of the format with this text in it
 */
export function parserContract(parser: Parser, wrap: (text: string) => string): void {
  const parse = (bytes: Uint8Array) => parser.parse(bytes, {})
  const refusal = async (bytes: Uint8Array) =>
    parse(bytes).then(
      document => expect.fail(`was read as ${JSON.stringify(document.text.slice(0, 50))}`),
      (error: unknown) => {
        expect(error).to.be.instanceOf(UnreadableDocument)
        return (error as Error).message
      },
    )

  describe(`parser ${parser.format}`, () => {
    it('reads UTF-8 with and without its mark, and UTF-16 with its mark', async () => {
      const text = wrap('Grüße, 世界, 🙂 and more')
      const files = [utf8(text), utf8(`\ufeff${text}`), utf16(text, 'le'), utf16(text, 'be')]
      for (const file of files) {
        const document = await parse(file)
        expect(document.text).to.include('Grüße, 世界, 🙂 and more').and.not.include('\ufeff')
      }
    })

    it('refuses files without text', async () => {
      for (const text of ['', ' \n\t ', '\ufeff', '\0'])
        expect(await refusal(utf8(text)), JSON.stringify(text)).to.match(/empty|NUL/)
      expect(await refusal(utf8(wrap(' \n ')))).to.match(/empty/)
    })

    it('gives no NUL characters, which Postgres cannot store', async () => {
      const document = await parse(utf8(wrap(`${'text '.repeat(50)}\0 and more`)))
      expect(document.text).to.include('and more').and.not.include('\0')
    })

    it('keeps its promises for any text', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.constantFrom(...fragments), { minLength: 1, maxLength: 60, size: 'max' }), async parts => {
          const bytes = utf8(wrap(`start ${parts.join('')}`))
          const document = await parse(bytes)
          await checkDocument(document)
          expect(await parse(bytes)).to.deep.equal(document)
        }),
        { numRuns: 150, endOnFailure: true },
      ) // prettier-ignore
    })

    it('survives bytes that are no text', async () => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async bytes => {
          try {
            await checkDocument(await parse(bytes))
          } catch (error) {
            if (!(error instanceof UnreadableDocument)) throw error
          }
        }),
        { numRuns: 200, endOnFailure: true },
      )
    })

    it('survives nesting without end', async () => {
      for (const unit of ['> ', '- ', '- + ', '<div>', '<b>', '[', '* > ']) {
        const document = await parse(utf8(wrap(`text ${unit.repeat(20_000)} more\n\n${unit.repeat(20_000)}text`)))
        expect(document.text, unit).to.include('text')
      }
    }).timeout(10_000)
  })
}

async function checkDocument(document: ParsedDocument): Promise<void> {
  expect(document.text.trim()).not.to.equal('')
  expect(document.text.isWellFormed()).to.equal(true)
  expect(document.text).not.to.include('\0')
  let last = -1
  for (const { start, headings } of document.sections) {
    expect(start).to.be.greaterThan(last)
    expect(start).to.be.lessThan(document.text.length)
    expect(headings.every(title => title !== '')).to.equal(true)
    last = start
  }
  // What comes out can be cut.
  const settings = { chunker: 'markdown', chunkSize: 100, chunkOverlap: 20, longest: Infinity } as const
  checkPromises(document, await chunkers.markdown.chunk(document, settings), settings)
}

function utf16(text: string, order: 'le' | 'be'): Uint8Array {
  const bytes = Buffer.from(`\ufeff${text}`, 'utf16le')
  return order === 'le' ? bytes : bytes.swap16()
}

const fragments = [
  ...['word ', 'Sentence. ', '\n', '\n\n', '\r\n', '\r', '\t', '    ', '🙂', '世界', '\u00a0', '\ufffd'],
  ...['# Heading\n', '## **Bold** `code` [link](x)\n', 'Setext\n---\n', '\n===\n', '```\n', '~~~\n', '- item\n', '1. one\n', '> quote\n', '| a | b |\n|---|---|\n', '---\n'],
  ...['<h1>Title</h1>', '<h3>Sub</h3>', '<p>', '</p>', '<div>', '</div>', '<ul><li>', '<table><tr><td>', '<pre>', '</pre>', '<script>x()</script>', '<br>', '&amp;', '&nbsp;', '<!-- no -->', '<', '>', '<b>', '<title>t</title>', '<h2></h2>'],
] // prettier-ignore
