import { expect } from 'chai'
import { describe, it } from 'mocha'
import { type Embedder } from '../../../api/providers/embedders/embedder.ts'
import { QueryEmbedder } from '../../../api/retrieval/query-embedder.ts'

const space = { model: 'letters', dimension: 2, distance: 'cosine', analyzer: '1' } as const

/** Answers when it is told to. */
function slowEmbedder() {
  const calls: { texts: readonly string[]; purpose: string; finish: (error?: Error) => void }[] = []
  const embedder: Embedder = {
    provider: 'test',
    model: 'letters',
    dimension: 2,
    maxInputCharacters: 100,
    embed: (texts, purpose) =>
      new Promise((resolve, reject) => {
        const finish = (error?: Error) =>
          error ? reject(error) : resolve(texts.map(text => Float32Array.of(text.length, 0)))
        calls.push({ texts, purpose, finish })
      }),
    close: async () => {},
  }
  return { embedder, calls }
}

describe('the query embedder', () => {
  it('embeds a text once, as a query, however many ask at once or later', async () => {
    const { embedder, calls } = slowEmbedder()
    const queries = new QueryEmbedder(embedder, space, 60)
    const both = Promise.all([queries.embed('abc'), queries.embed('abc')])
    expect(calls.map(({ texts, purpose }) => [texts, purpose])).to.deep.equal([[['abc'], 'query']])
    calls[0]!.finish()
    for (const { vector, cached } of await both) expect([...vector, cached]).to.deep.equal([3, 0, false])
    expect((await queries.embed('abc')).cached).to.equal(true)
    expect(calls).to.have.length(1)
  })

  it('remembers no failure', async () => {
    const { embedder, calls } = slowEmbedder()
    const queries = new QueryEmbedder(embedder, space, 60)
    const failing = queries.embed('abc').catch((error: Error) => error.message)
    calls[0]!.finish(new Error('busy'))
    expect(await failing).to.equal('busy')
    const again = queries.embed('abc')
    calls[1]!.finish()
    expect((await again).cached).to.equal(false)
  })

  it('remembers nothing when told so', async () => {
    const { embedder, calls } = slowEmbedder()
    const queries = new QueryEmbedder(embedder, space, 0)
    for (const turn of [0, 1]) {
      const asked = queries.embed('abc')
      calls[turn]!.finish()
      expect((await asked).cached).to.equal(false)
    }
  })
})
