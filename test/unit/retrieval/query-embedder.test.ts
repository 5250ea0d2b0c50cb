import { expect } from 'chai'
import { describe, it } from 'mocha'
import { setImmediate as tick } from 'node:timers/promises'
import { type Embedder } from '../../../api/providers/embedders/embedder.ts'
import { QueryEmbedder } from '../../../api/retrieval/query-embedder.ts'
import { TenantScope } from '../../../api/stores/postgres/tenant-scope.ts'
import { memoryCache } from '../../support/caches.ts'

const scope = new TenantScope({ id: 'acme', slug: 'acme', collection: 'kb_shared' })
const other = new TenantScope({ id: 'other', slug: 'other', collection: 'kb_shared' })

const space = { model: 'letters', dimension: 2, distance: 'cosine', analyzer: '1' } as const

/** Answers when it is told to. */
function slowEmbedder() {
  const calls: { texts: readonly string[]; purpose: string; finish: (error?: Error) => void }[] = []
  const embedder: Embedder = {
    provider: 'test',
    model: 'letters',
    dimension: 2,
    maxInputCharacters: 100,
    inputTokens: { most: 100, counter: async () => text => text.length },
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
    const queries = new QueryEmbedder(embedder, space, memoryCache(), 60)
    const both = Promise.all([queries.embed(scope, 'abc'), queries.embed(scope, 'abc')])
    await tick()
    expect(calls.map(({ texts, purpose }) => [texts, purpose])).to.deep.equal([[['abc'], 'query']])
    calls[0]!.finish()
    for (const { vector, cached } of await both) expect([...vector, cached]).to.deep.equal([3, 0, false])
    expect((await queries.embed(scope, 'abc')).cached).to.equal(true)
    expect(calls).to.have.length(1)
  })

  it("keeps tenants' queries apart", async () => {
    const { embedder, calls } = slowEmbedder()
    const queries = new QueryEmbedder(embedder, space, memoryCache(), 60)
    for (const [turn, asking] of [scope, other].entries()) {
      const asked = queries.embed(asking, 'abc')
      await tick()
      calls[turn]!.finish()
      expect((await asked).cached).to.equal(false)
    }
  })

  it('remembers no failure', async () => {
    const { embedder, calls } = slowEmbedder()
    const queries = new QueryEmbedder(embedder, space, memoryCache(), 60)
    const failing = queries.embed(scope, 'abc').catch((error: Error) => error.message)
    await tick()
    calls[0]!.finish(new Error('busy'))
    expect(await failing).to.equal('busy')
    const again = queries.embed(scope, 'abc')
    await tick()
    calls[1]!.finish()
    expect((await again).cached).to.equal(false)
  })

  it('remembers nothing when told so', async () => {
    const { embedder, calls } = slowEmbedder()
    const queries = new QueryEmbedder(embedder, space, memoryCache(), 0)
    for (const turn of [0, 1]) {
      const asked = queries.embed(scope, 'abc')
      calls[turn]!.finish()
      expect((await asked).cached).to.equal(false)
    }
  })
})
