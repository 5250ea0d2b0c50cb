import { expect } from 'chai'
import { describe, it } from 'mocha'
import { sentenceChunker } from '../../../api/ingestion/chunkers/sentence.ts'

async function chunk(text: string, chunkSize: number) {
  const settings = { chunker: 'sentence', chunkSize, chunkOverlap: 0, longest: Infinity } as const
  const chunks = await sentenceChunker.chunk({ text, sections: [] }, settings)
  return chunks.map(({ text }) => text)
}

describe('chunkers/sentence', () => {
  it('never ends within a sentence that fits, at abbreviations and full lines neither', async () => {
    const sentences = [
      'Dr. Smith measured the flow\nbehind the wing.',
      'It was, e.g. for small angles, laminar!',
      'Was it (as Mr. Jones says) really?',
      '"It was." Nobody objected.',
    ]
    for (const size of [64, 80, 100, 130])
      for (const text of await chunk([...sentences, ...sentences].join(' '), size)) {
        expect(text, `size ${size}`).to.match(/[.!?"]$/)
        expect(text, `size ${size}`).not.to.match(/(Dr|Mr|e\.g)\.$/)
      }
  })

  it('fills chunks with whole sentences', async () => {
    expect(await chunk('One two. Three four. Five six. Seven eight.', 64)).to.have.length(1)
    expect(await chunk(`${'a'.repeat(30)}. ${'b'.repeat(30)}. ${'c'.repeat(30)}.`, 64)).to.deep.equal([
      `${'a'.repeat(30)}. ${'b'.repeat(30)}.`,
      `${'c'.repeat(30)}.`,
    ])
  })
})
