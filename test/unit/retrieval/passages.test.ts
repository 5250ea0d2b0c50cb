import { expect } from 'chai'
import { describe, it } from 'mocha'
import { byParent } from '../../../api/retrieval/parent-document.ts'
import type { PassageSource } from '../../../api/retrieval/passages/passage-source.ts'
import { widen } from '../../../api/retrieval/passages/widen.ts'
import type { RetrievedChunk } from '../../../api/retrieval/retriever.ts'
import { TenantScope } from '../../../api/stores/postgres/tenant-scope.ts'

const scope = new TenantScope({ id: 't', slug: 'acme', collection: 'c' })
const text = 'One fish. Two fish. Red fish. Blue fish.'

function chunk(id: string, start: number, end: number, score: number): RetrievedChunk {
  const place = { knowledgeBaseId: 'kb', documentId: 'd', position: start, metadata: {} }
  return { id, chunkId: id, text: text.slice(start, end), score, scores: { bm25: score }, ...place }
}

function reads(document: string | null): PassageSource {
  return {
    locate: async () => [],
    read: async (_, passages) => passages.map(({ start, end }) => document?.slice(start, end) ?? null),
  }
}

describe('passages', () => {
  it("gives a parent once, at its best child's place and with its score", () => {
    const parents = new Map([
      ['two', { start: 0, end: 19 }],
      ['one', { start: 0, end: 19 }],
      ['red', { start: 20, end: 40 }],
    ])
    const groups = byParent([chunk('two', 10, 19, 3), chunk('red', 20, 29, 2), chunk('one', 0, 9, 1)], parents)
    expect(groups.map(({ chunk: { chunkId, score }, chunkIds }) => [chunkId, score, chunkIds])).to.deep.equal([
      ['two', 3, ['two', 'one']],
      ['red', 2, ['red']],
    ])
  })

  it('keeps a chunk without a parent as it is', async () => {
    const alone = chunk('one', 0, 9, 1)
    const [group] = byParent([alone], new Map())
    const { chunks, trace } = await widen(reads(text), scope, [group!])
    expect(chunks).to.deep.equal([alone])
    expect(trace).to.deep.equal({ widened: 0, outdated: 0 })
  })

  it('gives the text between the exact offsets', async () => {
    const wider = { chunk: chunk('two', 10, 19, 3), span: { start: 0, end: 29 }, chunkIds: ['two'] }
    const { chunks } = await widen(reads(text), scope, [wider])
    expect(chunks[0]).to.deep.include({ text: text.slice(0, 29), score: 3 })
    expect(chunks[0]!.passage).to.deep.equal({ start: 0, end: 29, chunkIds: ['two'] })
  })

  it('does not give text of another revision, nor of a document that has gone', async () => {
    const wider = { chunk: chunk('two', 10, 19, 3), span: { start: 0, end: 29 }, chunkIds: ['two'] }
    for (const source of [reads('Something else entirely, and longer than before.'), reads(null)]) {
      const { chunks, trace } = await widen(source, scope, [wider])
      expect(chunks).to.deep.equal([wider.chunk])
      expect(trace).to.deep.equal({ widened: 0, outdated: 1 })
    }
  })
})
