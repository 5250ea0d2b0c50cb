import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { ApiError } from '../../api/contract/error-codes.ts'
import type { VectorSpace } from '../../api/contract/fingerprint.ts'
import type { RetrieverName } from '../../api/contract/retrieval.ts'
import type { Embedder } from '../../api/providers/embedders/embedder.ts'
import type { Llm } from '../../api/providers/llms/llm.ts'
import { analyze } from '../../api/retrieval/bm25/analyzer.ts'
import { documentWeights } from '../../api/retrieval/bm25/weights.ts'
import { type ActiveGeneration, CollectionGenerations } from '../../api/retrieval/collection-generations.ts'
import { createRetrievers } from '../../api/retrieval/index.ts'
import { LexicalStatisticsCache } from '../../api/retrieval/lexical-statistics-cache.ts'
import type { ChunkPlace, Passage, PassageSource } from '../../api/retrieval/passages/passage-source.ts'
import type { TreeSummary } from '../../api/retrieval/summary-trees/summary-tree-source.ts'
import { clusters } from '../../api/ingestion/summary-tree/clusters.ts'
import { QueryEmbedder } from '../../api/retrieval/query-embedder.ts'
import type { Retrieval, RetrievalQuery } from '../../api/retrieval/retriever.ts'
import { TenantScope } from '../../api/stores/postgres/tenant-scope.ts'
import { pointId } from '../../api/stores/vectors/point-id.ts'
import { CollectionMissing, type VectorPoint, type VectorStore } from '../../api/stores/vectors/vector-store.ts'
import { memoryCache } from '../support/caches.ts'
import { type Corpus, corpus } from './retriever-corpus.ts'

interface RetrieverSetting {
  /** An empty store; closed by whoever opened it. */
  readonly store: VectorStore
  readonly embedder: Embedder
}

type Setting = (context: Mocha.Context) => Promise<RetrieverSetting>

const space: VectorSpace = { model: 'bge-small-en-v1.5', dimension: 384, distance: 'cosine', analyzer: '1' }

/** What every retriever must keep, whatever store it searches. */
export function retrieverContract(name: RetrieverName, store: string, open: Setting): void {
  describe(`retriever ${name} on ${store}`, () => {
    /** One list is the answer; all others fuse several. */
    const single = name === 'dense' || name === 'bm25'
    let fixture: Fixture
    before(async function () {
      this.timeout(180_000)
      fixture = await Fixture.make(await open(this))
    })
    after(() => fixture?.remove())

    const found = ({ chunks }: Retrieval) => chunks.map(({ chunkId }) => chunkId)
    const ask = (query: Partial<RetrievalQuery> & { text: string }) => fixture.ask(name, query)

    it('finds what answers the question, first', async () => {
      const { chunks, retriever } = await ask({ text: 'How long are API keys valid before they expire?' })
      expect(retriever).to.equal(name === 'auto' ? 'hybrid' : name)
      expect(chunks[0]?.text).to.contain('ninety days')
      expect(chunks[0]).to.deep.include({ knowledgeBaseId: fixture.handbook, documentId: fixture.documentOf('keys') })
      expect(chunks[0]?.metadata).to.deep.equal({ topic: 'keys', year: 2024 })
    })

    it('orders by score, gives at most top_k, and tells what each leg gave', async () => {
      const { chunks } = await ask({ text: 'keys and backups of the database', topK: 4 })
      expect(chunks).to.have.length.within(2, 4)
      chunks.slice(1).forEach((chunk, i) => expect(chunk.score).to.be.at.most(chunks[i]!.score))
      for (const { score, scores } of chunks) {
        if (single) expect(scores).to.deep.equal({ [name]: score })
        else {
          expect(score).to.be.within(0, 1 + 1e-9)
          expect(Object.keys(scores)).to.not.be.empty
        }
      }
    })

    if (single)
      it('fetches no more candidates than are asked for', async () => {
        const { trace } = await ask({ text: 'keys and backups of the database', topK: 2 })
        expect(trace['legs']).to.have.nested.property(`${name}.candidates`, 2)
      })

    it('gives the same answer to the same question', async () => {
      const first = await ask({ text: 'keys of the database', topK: 10 })
      const second = await ask({ text: 'keys of the database', topK: 10 })
      expect(second.chunks).to.deep.equal(first.chunks)
    })

    it('does not reorder the first results when more are asked for', async () => {
      const few = await ask({ text: 'keys of the database', topK: 2 })
      const many = await ask({ text: 'keys of the database', topK: 50 })
      expect(found(many).slice(0, 2)).to.deep.equal(found(few))
    })

    it('stays inside the knowledge bases that are asked for', async () => {
      const { chunks } = await ask({
        text: 'How long are API keys valid?',
        knowledgeBaseIds: [fixture.canteen],
        topK: 50,
      })
      expect(chunks).to.not.be.empty
      expect(new Set(chunks.map(chunk => chunk.knowledgeBaseId))).to.deep.equal(new Set([fixture.canteen]))
    })

    it('searches several knowledge bases as one', async () => {
      const both = [fixture.handbook, fixture.canteen]
      const { chunks } = await ask({
        text: 'API keys expire; fish is served on Fridays',
        knowledgeBaseIds: both,
        topK: 50,
      })
      expect(new Set(chunks.map(chunk => chunk.knowledgeBaseId))).to.deep.equal(new Set(both))
    })

    it('does not leave a scope that allows fewer knowledge bases than are asked for', async () => {
      const scope = fixture.scope([fixture.canteen])
      const { chunks } = await ask({
        text: 'How long are API keys valid?',
        scope,
        knowledgeBaseIds: [fixture.handbook],
      })
      expect(chunks).to.deep.equal([])
    })

    it("never sees another tenant's chunks, not even by the id of its knowledge base", async () => {
      for (const knowledgeBaseIds of [[fixture.handbook], [fixture.foreign], [fixture.handbook, fixture.foreign]]) {
        const { chunks } = await ask({ text: 'the secret recipe of the other tenant', knowledgeBaseIds, topK: 50 })
        expect(chunks.filter(({ text }) => text.includes('secret recipe'))).to.deep.equal([])
      }
    })

    it('honours the filter', async () => {
      const { chunks } = await ask({
        text: 'keys and backups of the database',
        filter: { field: 'topic', op: 'eq', value: 'backups' },
        topK: 50,
      })
      expect(chunks).to.not.be.empty
      expect(chunks.every(({ metadata }) => metadata['topic'] === 'backups')).to.equal(true)
      const none = await ask({ text: 'keys', filter: { field: 'topic', op: 'eq', value: 'no such' } })
      expect(none.chunks).to.deep.equal([])
    })

    it('finds nothing in an empty knowledge base', async () => {
      expect((await ask({ text: 'keys', knowledgeBaseIds: [fixture.empty] })).chunks).to.deep.equal([])
      expect((await ask({ text: 'keys', knowledgeBaseIds: [] })).chunks).to.deep.equal([])
    })

    it('asks the store once, whatever the number of lists', async () => {
      const before = fixture.searches
      await ask({ text: 'keys and backups of the database' })
      expect(fixture.searches - before).to.equal(1)
    })

    it('bears a question without a word', async () => {
      const { chunks } = await ask({ text: '??? !!!' })
      if (name === 'bm25') expect(chunks).to.deep.equal([])
    })

    it('finds a part number that is in one chunk', async () => {
      if (name === 'dense') return
      const { chunks } = await ask({ text: 'ZX-4711/b' })
      expect(chunks[0]?.text).to.contain('ZX-4711/b')
    })

    it('gives up when the caller has', async () => {
      const error = await failure(ask({ text: 'something not asked before', signal: AbortSignal.abort() }))
      expect(error).to.be.instanceOf(Error)
    })

    it('says that the collection is missing', async () => {
      const scope = new TenantScope({ id: fixture.tenant, slug: 'acme', collection: 'no_such_collection' })
      expect(await failure(ask({ text: 'keys', scope }))).to.be.instanceOf(CollectionMissing)
    })

    it('without an embedding model: only words are searched, and it says so', async () => {
      const lexical = fixture.ask(name, { text: 'How long are API keys valid?' }, { embedder: null })
      if (name === 'dense')
        return expect(await refusal(lexical)).to.match(/^KB_CONFIG_ERROR no embedding model is loaded/)
      const { retriever, chunks, trace } = await lexical
      expect(retriever).to.equal('bm25')
      expect(chunks[0]?.text).to.contain('ninety days')
      if (name === 'auto') expect(trace['auto']).to.deep.include({ retriever: 'bm25' })
      else if (name !== 'bm25') expect(trace['fallback']).to.include({ to: 'bm25' })
    })

    it('refuses to compare with vectors of another model, naming both', async () => {
      const generation = { model: 'other-model', dimension: 384, fingerprint: '0123456789abcdef' }
      const asked = fixture.ask(name, { text: 'How long are API keys valid?' }, { generation })
      if (name === 'bm25') return expect((await asked).chunks).to.not.be.empty
      expect(await refusal(asked)).to.match(/^KB_CONFIG_ERROR .*other-model.*bge-small-en-v1\.5/)
    })

    it('knows documents that were indexed without a model', async () => {
      const generation = { model: null, dimension: null, fingerprint: '0123456789abcdef' }
      const asked = fixture.ask(name, { text: 'How long are API keys valid?' }, { generation })
      if (name === 'dense')
        return expect(await refusal(asked)).to.match(/^KB_CONFIG_ERROR .*without an embedding model/)
      expect((await asked).retriever).to.equal('bm25')
    })
  })
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (error: unknown) => error,
  )
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await failure(work)
  return error instanceof ApiError ? `${error.code} ${error.message}` : String(error)
}

/** Two tenants in one collection, and retrievers over it. */
class Fixture {
  readonly tenant = randomUUID()
  readonly otherTenant = randomUUID()
  readonly handbook = randomUUID()
  readonly canteen = randomUUID()
  readonly empty = randomUUID()
  readonly foreign = randomUUID()
  readonly collection = `retriever_${randomUUID().slice(0, 8)}`
  readonly #store: VectorStore
  readonly #embedder: Embedder
  readonly #documents = new Map<string, string>()
  readonly #passages = new RecordedPassages()
  readonly #trees: (TreeSummary & { tenantId: string })[] = []
  searches = 0

  static async make({ store, embedder }: RetrieverSetting): Promise<Fixture> {
    const fixture = new Fixture(store, embedder)
    await store.collections.create(fixture.collection, {
      dense: { dimension: 384, distance: 'cosine' },
      hnsw: { m: 16, efConstruct: 100, fullScanThreshold: 10_000 },
      tenancy: 'shared',
      owner: { cluster: 'test', uid: fixture.collection },
      fingerprint: 'test',
    })
    for (const kb of ['handbook', 'canteen', 'foreign'] as const) await fixture.#index(kb)
    return fixture
  }

  private constructor(store: VectorStore, embedder: Embedder) {
    this.#store = store
    this.#embedder = embedder
  }

  async remove(): Promise<void> {
    await this.#store.collections.delete(this.collection)
  }

  documentOf(topic: string): string {
    return this.#documents.get(topic)!
  }

  scope(knowledgeBaseIds: 'all' | readonly string[] = 'all'): TenantScope {
    return new TenantScope({ id: this.tenant, slug: 'acme', collection: this.collection }, knowledgeBaseIds)
  }

  async ask(
    name: RetrieverName,
    query: Partial<RetrievalQuery> & { text: string },
    world: { embedder?: null; generation?: ActiveGeneration } = {},
  ): Promise<Retrieval> {
    const embedder = world.embedder === null ? null : new QueryEmbedder(this.#embedder, space, memoryCache(), 60)
    const generation = world.generation ?? {
      ...space,
      fingerprint: new QueryEmbedder(this.#embedder, space, memoryCache(), 0).fingerprint,
    }
    // What an LLM is not needed for must work without one.
    const models = Object.keys(world).length === 0 ? { models: { llm: echo, reranker: null } } : {}
    const retrievers = createRetrievers({
      vectors: this.#counted(),
      embedder,
      statistics: this.#statistics(),
      generations: new CollectionGenerations(async () => generation),
      passages: this.#passages,
      fields: { fields: async () => [{ name: 'topic', types: ['string'], examples: ['"keys"'] }] },
      summaryTrees: {
        of: async (scope, ids) =>
          this.#trees.filter(
            ({ tenantId, knowledgeBaseId: id }) => tenantId === scope.tenantId && ids.includes(id) && scope.allows(id),
          ),
      },
    })
    return retrievers[name].retrieve({
      scope: this.scope(),
      knowledgeBaseIds: [this.handbook],
      topK: 5,
      ...models,
      ...query,
    })
  }

  async #index(kb: keyof Corpus): Promise<void> {
    const knowledgeBaseId = this[kb]
    const tenantId = kb === 'foreign' ? this.otherTenant : this.tenant
    const chunks = corpus[kb]
    const vectors = await this.#embedder.embed(chunks.map(({ text }) => text), 'document') // prettier-ignore
    const average = chunks.reduce((sum, { text }) => sum + analyze(text).length, 0) / chunks.length
    const points = chunks.map(({ text, topic, year }, position): VectorPoint => {
      const [documentId, chunkId] = [this.#documents.get(topic) ?? randomUUID(), randomUUID()]
      this.#documents.set(topic, documentId)
      return {
        id: pointId(chunkId, 1),
        knowledgeBaseId,
        documentId,
        chunkId,
        position,
        text,
        metadata: { topic, year },
        dense: vectors[position]!,
        sparse: documentWeights(analyze(text), average),
      }
    })
    const scope = new TenantScope({ id: tenantId, slug: 'any', collection: this.collection })
    await this.#store.upsert(scope.vectors(), points)
    if (kb !== 'foreign') this.#passages.add(points)
    for (const [index, group] of (await clusters(vectors, 4)).entries()) {
      const sum = new Float32Array(384).map((_, i) => group.reduce((total, at) => total + vectors[at]![i]!, 0))
      const chunkIds = new Set(group.map(at => points[at]!.chunkId))
      const length = Math.hypot(...sum)
      this.#trees.push({
        id: `${kb}-${index}`,
        tenantId,
        knowledgeBaseId,
        level: 1,
        chunkIds,
        embedding: sum.map(value => value / length),
      })
    }
  }

  /** The same store, with its searches counted. */
  #counted(): VectorStore {
    const search: VectorStore['search'] = (scope, request) => {
      this.searches += 1
      return this.#store.search(scope, request)
    }
    return new Proxy(this.#store, {
      get: (store, key) => {
        if (key === 'search') return search
        const value: unknown = Reflect.get(store, key, store)
        return typeof value === 'function' ? value.bind(store) : value
      },
    })
  }

  #statistics(): LexicalStatisticsCache {
    const load = async (scope: TenantScope, ids: readonly string[]) => {
      const own = (['handbook', 'canteen'] as const).filter(
        kb => scope.tenantId === this.tenant && ids.includes(this[kb]),
      )
      return own.map(kb => ({ kb_id: this[kb], ...count(corpus[kb].map(({ text }) => text)) }))
    }
    const fail = (error: unknown) => {
      throw error
    }
    return new LexicalStatisticsCache(load, () => new Date(), fail)
  }
}

/** Writes what is asked of it in the words of the question. */
const echo: Llm = {
  provider: 'test',
  model: 'echo',
  async complete({ messages }) {
    const [instructions, input] = messages.map(({ content }) => content)
    const question = input!.split('Question: ').at(-1)!
    const shape = /Shape: \{"(\w+)"/.exec(instructions!)?.[1]
    const answer =
      shape === 'passage'
        ? { passage: question }
        : shape === 'queries'
          ? { queries: [`${question} please`] }
          : { query: question, filter: {} }
    return { text: JSON.stringify(answer), usage: { promptTokens: 1, completionTokens: 1 }, finishReason: 'stop' }
  },
  // eslint-disable-next-line require-yield -- nothing streams here
  async *stream() {
    throw new Error('not asked for')
  },
}

/** Documents of the chunks that were added, each one the joined texts of its chunks, which are children of the whole. */
class RecordedPassages implements PassageSource {
  readonly #texts = new Map<string, string>()
  readonly #places = new Map<string, { documentId: string; start: number; end: number }>()

  add(points: readonly VectorPoint[]): void {
    for (const { documentId, chunkId, text } of points) {
      const before = this.#texts.get(documentId)
      const start = before === undefined ? 0 : before.length + 2
      this.#texts.set(documentId, before === undefined ? text : `${before}\n\n${text}`)
      this.#places.set(chunkId, { documentId, start, end: start + text.length })
    }
  }

  async locate(_: TenantScope, chunkIds: readonly string[]): Promise<ChunkPlace[]> {
    return chunkIds.flatMap(chunkId => {
      const place = this.#places.get(chunkId)
      if (!place) return []
      const parent = { start: 0, end: this.#texts.get(place.documentId)!.length }
      return [{ chunkId, ...place, parent, around: { start: place.start, end: place.end, chunkIds: [chunkId] } }]
    })
  }

  async read(_: TenantScope, passages: readonly Passage[]): Promise<(string | null)[]> {
    return passages.map(({ documentId, start, end }) => this.#texts.get(documentId)?.slice(start, end) ?? null)
  }
}

/** The row of `lexical_statistics` that ingestion keeps of these chunks. */
function count(texts: readonly string[]) {
  const frequencies = new Map<number, number>()
  for (const text of texts) {
    for (const term of analyze(text).terms.keys()) frequencies.set(term, (frequencies.get(term) ?? 0) + 1)
  }
  const terms = [...frequencies.keys()].sort((a, b) => a - b)
  return { chunk_count: texts.length, terms, frequencies: terms.map(term => frequencies.get(term)!) }
}
