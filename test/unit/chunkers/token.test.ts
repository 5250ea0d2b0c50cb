import { expect } from 'chai'
import { describe, it } from 'mocha'
import { tokenChunker, tokenCounter } from '../../../api/ingestion/chunkers/token.ts'

async function chunk(text: string, chunkSize: number, longest = Infinity) {
  const settings = { chunker: 'token', chunkSize, chunkOverlap: 0, longest } as const
  return tokenChunker.chunk({ text, sections: [] }, settings)
}

describe('chunkers/token', () => {
  it('fills chunks with tokens, however long these are', async () => {
    const count = await tokenCounter()
    const english = 'Retrieval finds passages that answer questions. '.repeat(200)
    const codes = 'QX-7731/b 0x4fe2 '.repeat(400)
    for (const text of [english, codes])
      for (const { text: part } of (await chunk(text, 128)).slice(0, -1)) expect(count(part)).to.be.within(90, 128)
    const length = async (text: string) => (await chunk(text, 128))[0]!.text.length
    expect(await length(english)).to.be.greaterThan(2 * (await length(codes)))
  })

  it('takes the marks of models for text', async () => {
    const text = 'Before <|endoftext|> and <|im_start|>system after.'
    expect(await chunk(text, 64)).to.have.length(1)
  })
})
