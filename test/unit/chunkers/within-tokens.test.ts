import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { parentChildChunker } from '../../../api/ingestion/chunkers/parent-child.ts'
import { recursiveChunker } from '../../../api/ingestion/chunkers/recursive.ts'
import { withinTokens } from '../../../api/ingestion/chunkers/within-tokens.ts'
import { estimateTokens } from '../../../api/providers/embedders/estimate-tokens.ts'
import { vocabularyCounter } from '../../../api/providers/vocabulary-counter.ts'
import { checkPromises } from '../../contract/chunker.ts'

const settings = { chunker: 'recursive', chunkSize: 1000, chunkOverlap: 150, longest: Infinity } as const
const chinese = '我们把文档切成小块，然后建立索引。这是一个关于数据库检索的句子。'.repeat(100)

describe('chunkers/within-tokens', () => {
  it('cuts Chinese chunks that the model would not read to their end, at the ends of sentences', async () => {
    const document = { text: chinese, sections: [{ start: 0, headings: ['数据库'], page: 3 }] }
    const chunks = await recursiveChunker.chunk(document, settings)
    expect(chunks.some(({ text }) => estimateTokens(text) > 408)).to.equal(true)
    const within = withinTokens(document, chunks, { most: 408, count: estimateTokens, overlap: 150 })
    checkPromises(document, within, { ...settings, chunkSize: 408 }, estimateTokens)
    for (const chunk of within) expect(chunk).to.deep.include({ headings: ['数据库'], page: 3 })
    for (const { text } of within) expect(text).to.match(/。$/)
    expect(within.length).to.be.at.most(5 * chunks.length)
  })

  it('keeps offsets exact and loses nothing, whatever the text and the vocabulary', async () => {
    const counters = [estimateTokens, await vocabularyCounter('cl100k_base')]
    const texts = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 900, size: 'max' }),
      fc.string({ unit: 'binary', maxLength: 900, size: 'max' }),
    )
    await fc.assert(
      fc.asyncProperty(
        texts,
        fc.integer({ min: 40, max: 300 }),
        fc.constantFrom(...counters),
        async (text, most, count) => {
          const document = { text, sections: [] }
          const chunks = await recursiveChunker.chunk(document, settings)
          const within = withinTokens(document, chunks, { most, count })
          // Chunks overlap by so many characters, each of three tokens at most.
          checkPromises(document, within, { ...settings, chunkSize: most, chunkOverlap: 450 }, count)
        },
      ),
      { numRuns: 100, endOnFailure: true },
    )
  })

  it('leaves a text alone that fits, and parts of a child in their parent', async () => {
    const english = { text: 'Retrieval finds passages that answer questions. '.repeat(60), sections: [] }
    const fitting = await recursiveChunker.chunk(english, settings)
    expect(withinTokens(english, fitting, { most: 408, count: estimateTokens })).to.deep.equal(fitting)
    const document = { text: chinese, sections: [] }
    const children = await parentChildChunker.chunk(document, { ...settings, chunkSize: 4000 })
    for (const part of withinTokens(document, children, { most: 200, count: estimateTokens })) {
      expect(part.parent!.start).to.be.at.most(part.start)
      expect(part.parent!.end).to.be.at.least(part.end)
    }
  })

  it('estimates rather too many tokens than too few', () => {
    expect(estimateTokens('abcdef')).to.equal(2)
    expect(estimateTokens('数据库')).to.equal(3)
    expect(estimateTokens('👍ab')).to.equal(2)
    expect(estimateTokens('')).to.equal(0)
  })
})
