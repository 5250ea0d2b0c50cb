import { expect } from 'chai'
import { describe, it } from 'mocha'
import { parentChildChunker } from '../../../api/ingestion/chunkers/parent-child.ts'

const text = Array.from({ length: 40 }, (_, index) => `Sentence number ${index} says a little about it. `).join('')

async function chunk(chunkSize: number, chunkOverlap = 0) {
  const settings = { chunker: 'parent_child', chunkSize, chunkOverlap, longest: Infinity } as const
  return parentChildChunker.chunk({ text, sections: [] }, settings)
}

describe('chunkers/parent-child', () => {
  it('gives small chunks that lie in large ones, which lie side by side', async () => {
    const chunks = await chunk(480, 80)
    const parents = new Map(chunks.map(({ parent }) => [parent!.start, parent!]))
    expect(parents.size).to.be.greaterThan(3)
    let end = 0
    for (const parent of parents.values()) {
      expect(parent.end - parent.start).to.be.at.most(480)
      expect(text.slice(end, parent.start).trim()).to.equal('')
      expect(text.slice(parent.start, parent.end)).to.match(/^Sentence[^]*\.$/)
      end = parent.end
    }
    for (const { start, end, parent } of chunks) {
      expect(end - start).to.be.at.most(120)
      expect(start).to.be.at.least(parent!.start)
      expect(end).to.be.at.most(parent!.end)
    }
    const perParent = chunks.length / parents.size
    expect(perParent).to.be.greaterThan(3)
  })

  it('makes no children so small that they say nothing', async () => {
    for (const { end, start } of (await chunk(64)).slice(0, -1)) expect(end - start).to.be.greaterThan(30)
  })
})
