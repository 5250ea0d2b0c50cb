import { AsyncLocalStorage } from 'node:async_hooks'
import { expect } from 'chai'
import { after, afterEach, before, describe, it } from 'mocha'
import type { Embedder } from '../../../api/providers/embedders/embedder.ts'
import { ollamaEmbedder } from '../../../api/providers/embedders/ollama.ts'
import { openAiEmbedder } from '../../../api/providers/embedders/openai.ts'
import type { RemoteEmbedderSettings } from '../../../api/providers/embedders/remote-embedder.ts'
import { ProviderError } from '../../../api/providers/provider-error.ts'
import { type ModelServer, startModelServer } from '../../support/model-server.ts'
import { rejectionOf } from '../../support/rejection.ts'

const settings: RemoteEmbedderSettings = {
  model: 'scripted',
  dimension: 16,
  batchSize: 10,
  timeoutMs: 2000,
  retries: { attempts: 3, baseDelayMs: 1, longestDelayMs: 2000 },
}

const providers: Readonly<Record<string, (server: ModelServer, changes?: Partial<RemoteEmbedderSettings>, fetch?: typeof globalThis.fetch) => Embedder>> = {
  openai: (server, changes, fetch = globalThis.fetch) => openAiEmbedder({ ...settings, ...changes }, { provider: 'openai', baseUrl: server.openAiUrl, apiKey: 'sk-secret-1', fetch }),
  ollama: (server, changes, fetch = globalThis.fetch) => ollamaEmbedder({ ...settings, ...changes }, { baseUrl: server.url, fetch }),
} // prettier-ignore

for (const [name, make] of Object.entries(providers)) {
  describe(`embedders/${name}`, () => {
    let server: ModelServer
    before(async () => {
      server = await startModelServer()
    })
    afterEach(() => server.reset())
    after(() => server.close())

    const texts = (count: number) => Array.from({ length: count }, (_, index) => `text ${index}`)
    const inputs = () => server.seen.map(({ body }) => body['input'] as string[])

    it('sends each batch in the context of whoever asked for it, also out of the queue', async () => {
      const asker = new AsyncLocalStorage<string>()
      const sent: string[] = []
      const noting: typeof fetch = (input, init) => {
        const { input: asked } = JSON.parse(init?.body as string) as { input: string[] }
        sent.push(...asked.map(text => `${asker.getStore()} ${text.split(' ')[0]}`))
        return fetch(input, init)
      }
      const embedder = make(server, { batchSize: 1 }, noting)
      const ask = (who: string) => asker.run(who, () => embedder.embed(texts(12).map(text => `${who} ${text}`), 'document')) // prettier-ignore
      await Promise.all([ask('a'), ask('b'), ask('c')])
      expect(sent.toSorted()).to.deep.equal(['a a', 'b b', 'c c'].flatMap(one => Array<string>(12).fill(one)))
    })

    it('sends batches of the size that it is told', async () => {
      await make(server).embed(texts(25), 'document')
      expect(inputs().map(input => input.length).toSorted()).to.deep.equal([10, 10, 5].toSorted()) // prettier-ignore
      expect(inputs().flat()).to.have.members(texts(25))
    })

    it('repeats only the batch that failed', async () => {
      server.misbehave({ kind: 'status', status: 429 }, { kind: 'hang-up' })
      expect(await make(server).embed(texts(25), 'document')).to.have.length(25)
      expect(server.seen).to.have.length(5)
    })

    it('halves a batch that is too much for the provider, and gives up on a single text', async () => {
      server.misbehave({ kind: 'status', status: 413 }, { kind: 'status', status: 400, body: { error: { message: 'batch size is too large' } } }) // prettier-ignore
      expect(await make(server).embed(texts(8), 'document')).to.have.length(8)
      expect(inputs().map(input => input.length)).to.have.members([8, 4, 4, 2, 2])
      server.reset()
      server.misbehave({ kind: 'status', status: 413 })
      expect((await failure(make(server).embed(texts(1), 'document'))).transient).to.equal(false)
    })

    it('refuses an answer with too few vectors, or of another kind', async () => {
      for (const kind of ['missing-vector', 'not-the-protocol', 'malformed'] as const) {
        server.reset()
        server.misbehave({ kind }, { kind }, { kind })
        const error = await failure(make(server).embed(texts(3), 'document'))
        expect(error.message, kind).to.include('cannot be used')
        expect(error.transient).to.equal(true)
      }
    })

    it('does not repeat a call with a wrong dimension', async () => {
      server.misbehave({ kind: 'dimension', dimension: 8 })
      expect((await failure(make(server).embed(texts(1), 'query'))).message).to.match(/8 dimensions, expected 16/)
      expect(server.seen).to.have.length(1)
    })

    it('says when time is up', async () => {
      server.misbehave({ kind: 'hang' })
      const hasty = make(server, { timeoutMs: 100, retries: { ...settings.retries!, attempts: 1 } })
      expect((await failure(hasty.embed(texts(1), 'query'))).message).to.include('0.1 s')
    })

    it('knows what models want before questions and documents', async () => {
      const nomic = make(server, { model: 'nomic-embed-text:v1.5' })
      await nomic.embed(['a'], 'query')
      await nomic.embed(['b'], 'document')
      expect(inputs()).to.deep.equal([['search_query: a'], ['search_document: b']])
    })

    it('shows no key in its errors', async () => {
      server.misbehave({ kind: 'status', status: 401, body: { error: { message: 'Incorrect API key: sk-secret-1' } } })
      const error = await failure(make(server).embed(texts(1), 'query'))
      expect(error.message).to.include('401').and.not.include('sk-secret')
      expect(error.transient).to.equal(false)
    })
  })
}

describe('embedders/openai, its own', () => {
  let server: ModelServer
  before(async () => {
    server = await startModelServer()
  })
  after(() => server.close())

  it('asks for a dimension only where models can shorten their vectors', async () => {
    const make = providers['openai']!
    await make(server, { model: 'text-embedding-3-small' }).embed(['a'], 'query')
    await make(server, { model: 'bge-m3' }).embed(['a'], 'query')
    expect(server.seen.map(({ body }) => body['dimensions'])).to.deep.equal([16, undefined])
    expect(server.seen[0]!.headers.authorization).to.equal('Bearer sk-secret-1')
  })

  it('does not wait for credit that is used up', async () => {
    server.reset()
    server.misbehave({ kind: 'status', status: 429, body: { error: { code: 'insufficient_quota', message: 'You exceeded your current quota' } } }) // prettier-ignore
    const error = await failure(providers['openai']!(server).embed(['a'], 'query'))
    expect(error.transient).to.equal(false)
    expect(server.seen).to.have.length(1)
  })
})

const failure = (call: Promise<unknown>) => rejectionOf(call, ProviderError)
