import { expect } from 'chai'
import { describe, it } from 'mocha'
import { notDue } from '../../../api/ingestion/summary-tree/tree-due.ts'
import { wantsTree } from '../../../api/ingestion/summary-tree/wants-tree.ts'
import { collapse } from '../../../api/retrieval/raptor.ts'

const point = (id: string, score: number) => ({ id, score, chunkId: id, documentId: 'd', knowledgeBaseId: 'k', position: 0, text: id, metadata: {} }) // prettier-ignore
const summary = (...chunkIds: string[]) => ({ id: 's', knowledgeBaseId: 'k', level: 1, chunkIds: new Set(chunkIds), embedding: Float32Array.of(1) }) // prettier-ignore

describe('a collapsed tree', () => {
  it('lifts chunks below a summary that fits, and only those', () => {
    const own = [point('a', 0.6), point('b', 0.3), point('c', 0.2)]
    const near = [[point('b', 0.9), point('x', 0.9), point('d', 0.5)]]
    const { points, reached } = collapse(own, [{ summary: summary('b', 'd'), score: 0.8 }], near)
    expect(points.map(({ id }) => id)).to.deep.equal(['b', 'a', 'd', 'c'])
    expect(points[0]!.score).to.be.closeTo(0.72, 1e-9)
    expect(reached).to.deep.equal([2])
  })

  it('leaves a chunk alone that fits better by itself', () => {
    const { points } = collapse([point('a', 0.9)], [{ summary: summary('a'), score: 0.5 }], [[point('a', 0.9)]])
    expect(points).to.deep.equal([point('a', 0.9)])
  })
})

describe('when a tree is made', () => {
  it('is for knowledge bases that are searched with it by default', () => {
    expect(wantsTree({ defaultRetriever: 'raptor' }, 'auto')).to.equal(true)
    expect(wantsTree({}, 'raptor')).to.equal(true)
    expect(wantsTree({ defaultRetriever: 'hybrid' }, 'raptor')).to.equal(false)
  })

  it('is at every change of a small one, at a tenth of a large one, and never of one that is too large', () => {
    expect(notDue({ chunks: 1, covered: 0 })).to.equal('too few chunks')
    expect(notDue({ chunks: 50, covered: 49 })).to.equal(null)
    expect(notDue({ chunks: 50, covered: 50 })).to.equal('not needed')
    expect(notDue({ chunks: 1000, covered: 950 })).to.equal('not needed')
    expect(notDue({ chunks: 1000, covered: 900 })).to.equal(null)
    expect(notDue({ chunks: 30_000, covered: 0 })).to.match(/^too many chunks: 30000/)
  })
})
