import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import type { ChunkingSettings } from '../../api/contract/chunking.ts'
import type { Chunk, Chunker } from '../../api/ingestion/chunkers/chunker.ts'
import type { ParsedDocument } from '../../api/ingestion/parsers/parser.ts'

/** What every chunker must keep, whatever the text. */
export function chunkerContract(chunker: Chunker): void {
  const chunk = (text: string, chunkSize = 200, chunkOverlap = 40) =>
    chunker.chunk({ text, sections: [] }, settings(chunker, chunkSize, chunkOverlap))

  describe(`chunker ${chunker.name}`, () => {
    it('keeps its promises for texts of every script, form and size', () => {
      fc.assert(
        fc.property(documents, sizes, (document, [chunkSize, chunkOverlap]) => {
          const chunks = chunker.chunk(document, settings(chunker, chunkSize, chunkOverlap))
          checkPromises(document, chunks, chunkSize, chunkOverlap)
        }),
        { numRuns: 500 },
      )
    })

    it('gives the same chunks for the same text', () => {
      fc.assert(fc.property(documents, document => {
        const once = chunker.chunk(document, settings(chunker, 100, 20))
        expect(chunker.chunk(document, settings(chunker, 100, 20))).to.deep.equal(once)
      }), { numRuns: 50 }) // prettier-ignore
    })

    it('gives no chunk for a blank text and one for a short one', () => {
      expect(chunk('')).to.deep.equal([])
      expect(chunk(' \n\t\r\n ')).to.deep.equal([])
      expect(chunk('  short \n')).to.deep.equal([{ text: 'short', start: 2, end: 7, headings: [] }])
    })

    it('repeats the end of a chunk in the next one, when told to', () => {
      const text = Array.from({ length: 60 }, (_, index) => `Sentence number ${index} says a little.`).join(' ')
      const chunks = chunk(text, 300, 100)
      expect(chunks.length).to.be.greaterThan(5)
      for (const [index, next] of chunks.slice(1).entries()) {
        const previous = chunks[index]!
        expect(previous.end - next.start, `overlap before ${next.text}`).to.be.within(1, 100)
        expect(text.slice(next.start - 1, next.start), 'begins with a word').to.equal(' ')
      }
      const apart = chunk(text, 300, 0)
      for (const [index, next] of apart.slice(1).entries()) expect(next.start).to.be.at.least(apart[index]!.end)
    })

    it('cuts between words and sentences where it can', () => {
      const text = 'One two three four five six seven eight nine ten. '.repeat(20)
      for (const { text: part } of chunk(text, 120, 0))
        expect(part)
          .to.match(/^\S.*(\w|\.)$/)
          .and.not.match(/^\W/)
      for (const { end } of chunk(text, 120, 0)) expect(text.slice(0, end)).to.match(/(\.| ten|\w)$/)
      const cut = chunk('abcdefghi '.repeat(60), 100, 0)
      for (const { text: part } of cut) expect(part.split(' ').every(word => word === 'abcdefghi')).to.equal(true)
    })

    it('ends chunks of Chinese and Japanese where sentences end', () => {
      const text = '这是一个关于数据库检索的句子。' + '我们把文档切成小块，然后建立索引。'.repeat(30)
      for (const { text: part } of chunk(text, 100, 0)) expect(part).to.match(/。$/)
    })

    it('does not split what people see as one character', () => {
      const family = '👨‍👩‍👧‍👦'
      for (const { text: part } of chunk(family.repeat(100), 64, 0))
        expect(part.length % family.length, JSON.stringify(part)).to.equal(0)
      for (const { text: part } of chunk('e\u0301'.repeat(500), 65, 0)) expect(part).to.match(/^(e\u0301)+$/)
    })

    it('takes the headings and page of the section that a chunk begins in', () => {
      const first = 'Intro words here. '.repeat(20)
      const second = 'Other words there. '.repeat(20)
      const document: ParsedDocument = {
        text: first + second,
        sections: [
          { start: 0, headings: ['Intro'] },
          { start: first.length, headings: ['Guide', 'Other'], page: 2 },
        ],
      }
      for (const found of chunker.chunk(document, settings(chunker, 100, 0))) {
        const later = found.start >= first.length
        expect(found.headings).to.deep.equal(later ? ['Guide', 'Other'] : ['Intro'])
        expect(found.page).to.equal(later ? 2 : undefined)
      }
    })

    it('makes no more chunks than the text is long', () => {
      // Every chunk brings a quarter of its size at least, so 80,000 characters are 640 chunks at most.
      for (const [kind, unit] of Object.entries(repetitive))
        expect(chunk(repeated(unit, 80_000), 500, 250).length, kind).to.be.at.most(641)
    })

    it('works in linear time', () => {
      const fastest = (text: string) => Math.min(...[1, 2].map(() => timed(() => chunk(text, 1000, 150))))
      for (const [kind, unit] of Object.entries(repetitive)) {
        const [small, large] = [fastest(repeated(unit, 20_000)), fastest(repeated(unit, 160_000))]
        // 8 times the text; 64 times the work if it grew with the square. The constant is for what the collector of garbage adds.
        expect(large, `${kind}: ${small} ms, then ${large} ms`).to.be.at.most(small * 24 + 100)
      }
    })
  })
}

function settings(chunker: Chunker, chunkSize: number, chunkOverlap: number): ChunkingSettings {
  return { chunker: chunker.name, chunkSize, chunkOverlap }
}

export function checkPromises(
  { text }: ParsedDocument,
  chunks: readonly Chunk[],
  chunkSize: number,
  chunkOverlap: number,
): void {
  let covered = 0
  let lastStart = -1
  for (const chunk of chunks) {
    expect(chunk.text).to.equal(text.slice(chunk.start, chunk.end))
    expect(chunk.text.trim(), 'blank').not.to.equal('')
    expect(chunk.text.length, 'size').to.be.at.most(chunkSize)
    expect(chunk.start, 'order').to.be.greaterThan(lastStart)
    expect(chunk.end, 'brings something new').to.be.greaterThan(covered)
    expect(covered - chunk.start, 'overlap').to.be.at.most(chunkOverlap)
    expect(text.slice(covered, Math.max(covered, chunk.start)).trim(), 'lost').to.equal('')
    expect(splitsPair(text, chunk.start) || splitsPair(text, chunk.end), 'split pair').to.equal(false)
    lastStart = chunk.start
    covered = Math.max(covered, chunk.end)
  }
  expect(text.slice(covered).trim(), 'lost at the end').to.equal('')
}

function repeated(unit: string, length: number): string {
  return unit.repeat(Math.ceil(length / unit.length)).slice(0, length)
}

/** Milliseconds that this thread computed; what other processes take of the machine is not in it. */
function timed(work: () => void): number {
  const start = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(start)
  return (user + system) / 1000
}

function splitsPair(text: string, position: number): boolean {
  return /[\ud800-\udbff]/.test(text[position - 1] ?? '') && /[\udc00-\udfff]/.test(text[position] ?? '')
}

const repetitive: Readonly<Record<string, string>> = {
  'one word': 'x',
  blanks: ' ',
  'blank lines': '\n\n',
  'far apart': `a${' '.repeat(3000)}`,
  words: 'lorem ipsum ',
  sentences: 'A b. ',
  'Windows lines': 'line\r\n',
  quotes: '."',
  emoji: '👩🏽‍🚀',
  marks: '\u0301',
  headings: '# a\n',
  fences: '```\n',
  tables: '| a | b |\n',
  Thai: 'ภาษาไทย',
}

const fragments = [
  ...['word', 'Longer-word', 'Sentence here. ', 'Really? ', '"Quoted." ', 'Dr. No, e.g. ', ' ', '  ', '\n', '\n\n', '\r\n', '\r\n\r\n', '\t'],
  ...['这是一个句子。', '数据库，', '検索します。', '「引用。」', 'データ', '한국어 문장입니다. ', 'ภาษาไทย', 'مرحبا بالعالم. ', 'שלום '],
  ...['👨‍👩‍👧‍👦', '🇩🇪', '👍🏽', 'e\u0301', 'x'.repeat(150), '\u00a0', '\u200b', '\ufeff', '\ud800', '\u0000'],
  ...['# Heading\n', '\nSetext\n===\n', '```js\ncode()\n```\n', '~~~\n', '| a | b |\n|---|---|\n', '- item\n', '1. one\n', '> quote\n'],
] // prettier-ignore

const documents: fc.Arbitrary<ParsedDocument> = fc
  .record({
    text: fc.oneof(
      fc.array(fc.constantFrom(...fragments), { maxLength: 120, size: 'max' }).map(parts => parts.join('')),
      fc.string({ unit: 'grapheme', maxLength: 600, size: 'max' }),
      fc.string({ unit: 'binary', maxLength: 600, size: 'max' }),
    ),
    cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 }),
  })
  .map(({ text, cuts }) => ({
    text,
    sections: [...new Set(cuts.map(part => characterStart(text, Math.floor(part * text.length))))]
      .sort((a, b) => a - b)
      .map((start, index) => ({ start, headings: [`Section ${index}`] })),
  }))

/** Parsers start no section inside of a surrogate pair. */
function characterStart(text: string, position: number): number {
  return splitsPair(text, position) ? position - 1 : position
}

const sizes = fc
  .tuple(fc.integer({ min: 64, max: 400 }), fc.double({ min: 0, max: 0.5, noNaN: true }))
  .map(([size, share]) => [size, Math.floor(size * share)] as const)
