import { expect } from 'chai'
import { describe, it } from 'mocha'
import { tokenChunker } from '../../../api/ingestion/chunkers/token.ts'
import { vocabularyCounter } from '../../../api/providers/vocabulary-counter.ts'

async function chunk(text: string, chunkSize: number, longest = Infinity) {
  const settings = { chunker: 'token', chunkSize, chunkOverlap: 0, longest } as const
  return tokenChunker.chunk({ text, sections: [] }, settings)
}

describe('chunkers/token', () => {
  it('fills chunks with tokens, however long these are', async () => {
    const count = await vocabularyCounter('o200k_base')
    const english = 'Retrieval finds passages that answer questions. '.repeat(200)
    const codes = 'QX-7731/b 0x4fe2 '.repeat(400)
    for (const text of [english, codes])
      for (const { text: part } of (await chunk(text, 128)).slice(0, -1)) expect(count(part)).to.be.within(90, 128)
    const length = async (text: string) => (await chunk(text, 128))[0]!.text.length
    expect(await length(english)).to.be.greaterThan(2 * (await length(codes)))
  })

  it('makes no chunk of more tokens than allowed, where the whole is more than its parts', async () => {
    const count = await vocabularyCounter('o200k_base')
    // Half of a character of two code units; a word whose tokens depend on where it begins.
    const texts = [
      '\u0000' + '𐀀'.repeat(51),
      '\u0000' + '𐀀'.repeat(400),
      '𘤾🃳𒎙' + 'al'.repeat(2000) + '=',
      'zaz'.repeat(1500),
    ]
    for (const text of texts)
      for (const chunkSize of [64, 100, 199, 203, 207]) {
        const parts = (await chunk(text, chunkSize)).map(part => part.text)
        expect(parts.join('')).to.equal(text)
        for (const part of parts) expect(count(part), part.slice(0, 20)).to.be.at.most(chunkSize)
      }
  })

  it('takes the marks of models for text', async () => {
    const text = 'Before <|endoftext|> and <|im_start|>system after.'
    expect(await chunk(text, 64)).to.have.length(1)
  })
})
