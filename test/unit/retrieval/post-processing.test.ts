import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { ChunkPlace } from '../../../api/retrieval/passages/passage-source.ts'
import { windows } from '../../../api/retrieval/post-processing/context-window.ts'
import { deduplicate } from '../../../api/retrieval/post-processing/deduplicate.ts'
import { groupByDocument } from '../../../api/retrieval/post-processing/group-by-document.ts'
import type { RetrievedChunk } from '../../../api/retrieval/retriever.ts'

function chunk(id: string, documentId = 'd', text = id): RetrievedChunk {
  return { id, chunkId: id, documentId, knowledgeBaseId: 'kb', position: 0, metadata: {}, text, score: 1, scores: {} }
}

function place(chunkId: string, start: number, end: number, chunkIds = [chunkId]): [string, ChunkPlace] {
  return [chunkId, { chunkId, documentId: 'd', start, end, parent: null, around: { start, end, chunkIds } }]
}

describe('post-processing', () => {
  it('gives a text once, at its best place, however it is spaced', () => {
    const kept = deduplicate([chunk('a', 'd', 'All rights reserved.'), chunk('b'), chunk('c', 'e', ' All  rights\nreserved. ')]) // prettier-ignore
    expect(kept.map(({ id }) => id)).to.deep.equal(['a', 'b'])
  })

  it('joins windows that overlap into one at the better place', () => {
    const places = new Map([place('a', 0, 100, ['a', 'x']), place('b', 500, 600), place('c', 80, 200, ['x', 'c'])])
    const grouped = windows([chunk('a'), chunk('b'), chunk('c')], places, 10)
    expect(grouped.map(({ chunk: { id }, span, chunkIds }) => [id, span, chunkIds])).to.deep.equal([
      ['a', { start: 0, end: 200 }, ['a', 'x', 'c']],
      ['b', { start: 500, end: 600 }, ['b']],
    ])
  })

  it('makes one of windows that a third one bridges', () => {
    const places = new Map([place('a', 0, 100), place('b', 190, 300), place('c', 90, 200)])
    const grouped = windows([chunk('a'), chunk('b'), chunk('c')], places, 2)
    expect(grouped.map(({ chunk: { id }, span, chunkIds }) => [id, span, chunkIds])).to.deep.equal([
      ['a', { start: 0, end: 300 }, ['a', 'b', 'c']],
    ])
  })

  it('joins nothing across documents, and fills up to the limit', () => {
    const places = new Map([place('a', 0, 100), place('b', 50, 150), place('c', 400, 500)])
    const grouped = windows([chunk('a'), chunk('b', 'other'), chunk('c')], places, 2)
    expect(grouped.map(({ chunk: { id } }) => id)).to.deep.equal(['a', 'b'])
  })

  it('gives each document once, at the place and with the score of its best chunk, whatever the number of its chunks', () => {
    const long = ['l1', 'l2', 'l3'].map(id => ({ ...chunk(id, 'long'), score: 0.6 }))
    const found = [{ ...chunk('s', 'short'), score: 0.9 }, ...long, { ...chunk('s2', 'short'), score: 0.1 }]
    const documents = groupByDocument(found)
    expect(documents.map(({ id, score, group }) => [id, score, group?.chunkIds])).to.deep.equal([
      ['s', 0.9, ['s', 's2']],
      ['l1', 0.6, ['l1', 'l2', 'l3']],
    ])
  })

  it('counts the chunks of which a passage is made as found', () => {
    const passage = { ...chunk('a'), passage: { start: 0, end: 9, chunkIds: ['a', 'b'] } }
    expect(groupByDocument([passage, chunk('c')]).map(({ group }) => group?.chunkIds)).to.deep.equal([['a', 'b', 'c']])
  })

  it('leaves a passage, and a chunk whose place is not known, as they are', () => {
    const parent = { ...chunk('p'), passage: { start: 0, end: 9, chunkIds: ['p'] } }
    const grouped = windows([parent, chunk('lost')], new Map([place('p', 0, 100)]), 5)
    expect(grouped.map(({ span }) => span)).to.deep.equal([null, null])
  })
})
