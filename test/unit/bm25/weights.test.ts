import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { analyze, analyzeQuestion } from '../../../api/retrieval/bm25/analyzer.ts'
import { termId } from '../../../api/retrieval/bm25/term-id.ts'
import { documentWeights, queryWeights } from '../../../api/retrieval/bm25/weights.ts'
import type { SparseVector } from '../../../api/stores/vectors/vector-store.ts'

const texts = ['wing wing tail', 'wing flutter in a slipstream', 'heat transfer of a nozzle', 'nozzle', '']

describe('bm25/weights', () => {
  it('gives, as a dot product, the BM25 of the textbook', () => {
    const documents = texts.map(analyze)
    const average = documents.reduce((sum, { length }) => sum + length, 0) / documents.length
    const frequencyOf = (id: number) => documents.filter(({ terms }) => terms.has(id)).length
    const query = queryWeights(analyzeQuestion('wing nozzle nozzle unknown'), { chunkCount: texts.length, frequencyOf })
    for (const document of documents) {
      const expected = textbook([['wing', 1], ['nozzl', 2]], document, average, texts.length, frequencyOf) // prettier-ignore
      expect(dot(query, documentWeights(document, average))).to.be.closeTo(expected, 1e-9)
    }
  })

  it('leaves out terms that no chunk holds', () => {
    const query = queryWeights(analyzeQuestion('wing unknown'), {
      chunkCount: 10,
      frequencyOf: id => (id === termId('wing') ? 3 : 0),
    })
    expect(query.indices).to.deep.equal([termId('wing')])
  })

  it('knows how rare a word is in all of its spellings together', () => {
    const documents = ['Das ist mit Kubernetes nicht so.', 'Das geht mit Kubernetes und ohne.', 'Avec Kubernetes, ce n’est pas le cas.'].map(analyze) // prettier-ignore
    const frequencyOf = (id: number) => documents.filter(({ terms }) => terms.has(id)).length
    const query = queryWeights(analyzeQuestion('Kubernetes'), { chunkCount: 3, frequencyOf })
    expect(query.values).to.have.length(2)
    expect(new Set(query.values).size, 'one weight for all spellings').to.equal(1)
  })

  it('counts every term the same without statistics', () => {
    const { values } = queryWeights(analyzeQuestion('wing tail tail'))
    expect([...new Set(values)].toSorted()).to.deep.equal([1, 2])
  })

  it('takes the first chunk of all for an average one', () => {
    const [weight] = documentWeights(analyze('wing'), 0, { k1: 1, b: 0.5 }).values
    expect(weight).to.equal(1)
  })

  it('gives positive weights with ascending indices, whatever the statistics say', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('wing', 'tail', '数据', 'A-1', 'of'), { maxLength: 20 }), fc.nat(50), fc.nat(100), fc.double({ min: 0, max: 500, noNaN: true }), (words, chunkCount, holders, average) => {
        const analyzed = analyze(words.join(' '))
        for (const vector of [documentWeights(analyzed, average), queryWeights(analyzeQuestion(words.join(' ')), { chunkCount, frequencyOf: () => holders })]) {
          expect(vector.indices).to.have.length(vector.values.length)
          expect(vector.indices).to.deep.equal([...new Set(vector.indices)].sort((a, b) => a - b))
          for (const value of vector.values) expect(value).to.be.greaterThan(0).and.be.finite
        }
      }),
    ) // prettier-ignore
  })
})

function textbook(
  query: readonly (readonly [string, number])[],
  document: { terms: ReadonlyMap<number, number>; length: number },
  average: number,
  chunks: number,
  frequencyOf: (id: number) => number,
): number {
  return query.reduce((sum, [term, times]) => {
    const tf = document.terms.get(termId(term)) ?? 0
    const df = frequencyOf(termId(term))
    const idf = Math.log(1 + (chunks - df + 0.5) / (df + 0.5))
    return sum + (times * idf * tf * 2.5) / (tf + 1.5 * (0.25 + (0.75 * document.length) / average))
  }, 0)
}

function dot(a: SparseVector, b: SparseVector): number {
  return a.indices.reduce((sum, id, index) => {
    const found = b.indices.indexOf(id)
    return found === -1 ? sum : sum + a.values[index]! * b.values[found]!
  }, 0)
}
