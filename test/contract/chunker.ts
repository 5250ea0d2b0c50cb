import { expect } from 'chai'
import fc from 'fast-check'
import { before, describe, it } from 'mocha'
import type { Chunk, Chunker, ChunkerSettings } from '../../api/ingestion/chunkers/chunker.ts'
import type { ParsedDocument } from '../../api/ingestion/parsers/parser.ts'

/** Where chunkers may differ. */
export interface ChunkerTraits {
  /** What `chunkSize` counts; characters when absent. */
  readonly loadMeasure?: () => Promise<Measure>
  /** It repeats text in the next chunk when told to. */
  readonly repeats: boolean
  /** It looks for ends of sentences. */
  readonly sentences: boolean
  /** Chunks are about so much of `chunkSize`. */
  readonly share: number
}

type Measure = (text: string) => number

const characters: Measure = text => text.length

/** What every chunker must keep, whatever the text. */
export function chunkerContract(chunker: Chunker, traits: ChunkerTraits): void {
  let measure = characters
  const chunk = async (text: string, chunkSize = 200, chunkOverlap = 40) =>
    chunker.chunk({ text, sections: [] }, settings(chunker, chunkSize, chunkOverlap))

  describe(`chunker ${chunker.name}`, function () {
    this.timeout(60_000)
    before(async () => {
      measure = (await traits.loadMeasure?.()) ?? characters
      await chunk('Whatever is loaded at the first call is loaded now.')
    })

    // Shrinking what fails takes minutes here; the text that failed is told as it is, and its seed.
    it('keeps its promises for texts of every script, form and size', async () => {
      await fc.assert(
        fc.asyncProperty(documents, sizes, async (document, [chunkSize, chunkOverlap]) => {
          const wanted = settings(chunker, chunkSize, chunkOverlap)
          checkPromises(document, await chunker.chunk(document, wanted), wanted, measure)
        }),
        { numRuns: 500, endOnFailure: true },
      )
    })

    it('makes no chunk longer than the model reads, whatever is counted', async () => {
      const text = 'Internationalization and localization. '.repeat(80)
      // All but `token` are told by chunkSize itself.
      const limits = { ...settings(chunker, 64, 0), longest: 150 }
      for (const { text: part } of await chunker.chunk({ text, sections: [] }, limits))
        expect(part.length).to.be.at.most(150)
    })

    it('gives the same chunks for the same text', async () => {
      const run = async (document: ParsedDocument) => chunker.chunk(document, settings(chunker, 100, 20))
      await fc.assert(fc.asyncProperty(documents, async document => {
        expect(await run(document)).to.deep.equal(await run(document))
      }), { numRuns: 50, endOnFailure: true }) // prettier-ignore
    })

    it('gives no chunk for a blank text and one for a short one', async () => {
      expect(await chunk('')).to.deep.equal([])
      expect(await chunk(' \n\t\r\n ')).to.deep.equal([])
      const [only, ...more] = await chunk('  short \n')
      expect(only).to.include({ text: 'short', start: 2, end: 7 }).and.have.property('headings').that.is.empty
      expect(more).to.be.empty
    })

    if (traits.repeats)
      it('repeats the end of a chunk in the next one, when told to', async () => {
        const text = Array.from({ length: 60 }, (_, index) => `Sentence number ${index} says a little.`).join(' ')
        const size = Math.floor(measure(text) / 8)
        const chunks = await chunk(text, size, Math.floor(size / 3))
        expect(chunks.length).to.be.greaterThan(5)
        for (const [index, next] of chunks.slice(1).entries()) {
          const previous = chunks[index]!
          // Parents stand side by side.
          if (previous.parent?.start !== next.parent?.start) continue
          const repeated = text.slice(next.start, previous.end)
          expect(measure(repeated), `overlap before ${next.text}`).to.be.within(1, size / 3)
          expect(text.slice(next.start - 1, next.start), 'begins with a word').to.equal(' ')
        }
      })

    it('repeats nothing when told so', async () => {
      const chunks = await chunk('Sentence number one says a little. '.repeat(60), 100, 0)
      for (const [index, next] of chunks.slice(1).entries()) expect(next.start).to.be.at.least(chunks[index]!.end)
    })

    it('cuts between words where it can', async () => {
      const text = 'One two three four five six seven eight nine ten. '.repeat(20)
      for (const { text: part } of await chunk(text, 120, 0)) expect(part).to.match(/^\w.*[\w.]$/)
      const cut = await chunk('abcdefghi '.repeat(60), 100, 0)
      for (const { text: part } of cut) expect(part.split(' ').every(word => word === 'abcdefghi')).to.equal(true)
    })

    if (traits.sentences)
      it('ends chunks where sentences end, also Chinese ones', async () => {
        const chinese = '这是一个关于数据库检索的句子。' + '我们把文档切成小块，然后建立索引。'.repeat(30)
        for (const { text: part } of await chunk(chinese, 160, 0)) expect(part).to.match(/。$/)
        const english = 'A short sentence is this. '.repeat(40)
        for (const { text: part } of await chunk(english, 240, 0)) expect(part).to.match(/\.$/)
      })

    it('does not split what people see as one character', async () => {
      const family = '👨‍👩‍👧‍👦'
      for (const { text: part } of await chunk(family.repeat(100), 64, 0))
        expect(part.length % family.length, JSON.stringify(part)).to.equal(0)
      for (const { text: part } of await chunk('e\u0301'.repeat(500), 65, 0)) expect(part).to.match(/^(e\u0301)+$/)
    })

    it('takes the headings and page of the section that a chunk begins in', async () => {
      const first = 'Intro words here. '.repeat(20)
      const second = 'Other words there. '.repeat(20)
      const document: ParsedDocument = {
        text: first + second,
        sections: [
          { start: 0, headings: ['Intro'] },
          { start: first.length, headings: ['Guide', 'Other'], page: 2 },
        ],
      }
      for (const found of await chunker.chunk(document, settings(chunker, 100, 0))) {
        const later = found.start >= first.length
        expect(found.headings).to.deep.equal(later ? ['Guide', 'Other'] : ['Intro'])
        expect(found.page).to.equal(later ? 2 : undefined)
      }
    })

    it('makes no more chunks than the text is long', async () => {
      // Every chunk brings a quarter of what it may measure at least.
      for (const [kind, unit] of Object.entries(repetitive)) {
        // A part of it, for tokenizers take quadratic time to count an endless word.
        const most = (80 * measure(repeated(unit, 1000))) / ((500 * traits.share) / 4)
        expect((await chunk(repeated(unit, 80_000), 500, 250)).length, kind).to.be.at.most(most + 1)
      }
    })

    it('works in linear time', async () => {
      const once = async (text: string) => timed(async () => chunk(text, 1000, 150))
      const fastest = async (text: string) => Math.min(await once(text), await once(text))
      for (const [kind, unit] of Object.entries(repetitive)) {
        const [small, large] = [await fastest(repeated(unit, 20_000)), await fastest(repeated(unit, 160_000))]
        // 8 times the text; 64 times the work if it grew with the square. The constant is for what the collector of garbage adds.
        expect(large, `${kind}: ${small} ms, then ${large} ms`).to.be.at.most(small * 24 + 100)
      }
    })
  })
}

function settings({ name }: Chunker, chunkSize: number, chunkOverlap: number): ChunkerSettings {
  return { chunker: name, chunkSize, chunkOverlap, longest: Infinity }
}

export function checkPromises(
  { text }: ParsedDocument,
  chunks: readonly Chunk[],
  { chunkSize, chunkOverlap }: ChunkerSettings,
  measure = characters,
): void {
  let covered = 0
  let lastStart = -1
  for (const chunk of chunks) {
    expect(chunk.text).to.equal(text.slice(chunk.start, chunk.end))
    expect(chunk.text.trim(), 'blank').not.to.equal('')
    expect(measure(chunk.text), 'size').to.be.at.most(chunkSize)
    expect(chunk.start, 'order').to.be.greaterThan(lastStart)
    expect(chunk.end, 'brings something new').to.be.greaterThan(covered)
    expect(measure(text.slice(chunk.start, covered)), 'overlap').to.be.at.most(chunkOverlap)
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
async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = process.threadCpuUsage()
  await work()
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
