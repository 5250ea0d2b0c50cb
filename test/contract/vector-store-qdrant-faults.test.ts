import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { after, afterEach, before, beforeEach, describe, it } from 'mocha'
import { QdrantVectorStore } from '../../api/stores/vectors/qdrant/qdrant-vector-store.ts'
import { VectorScope } from '../../api/stores/vectors/vector-scope.ts'
import { CollectionMissing, type VectorStore, VectorStoreUnavailable } from '../../api/stores/vectors/vector-store.ts'
import { orSkip } from '../support/missing-part.ts'
import { qdrant, separateQdrant, type TestQdrant } from '../support/qdrant.ts'
import { rejection } from '../support/rejection.ts'
import { type ScriptedProxy, scriptedProxy } from '../support/scripted-proxy.ts'
import { axis, point, spec, uniquePrefix } from './vector-store-points.ts'

const legs = [
  { using: 'dense', vector: axis(0), limit: 3 },
  { using: 'sparse', vector: { indices: [1], values: [1] }, limit: 3 },
] as const

describe('vector store: qdrant that fails', function () {
  this.timeout(120_000)

  it('is unavailable while Qdrant is down, and works again without a restart', async function () {
    const server = await orSkip(this, separateQdrant())
    const store = new QdrantVectorStore({ ...server, timeoutMs: 5000 })
    const scope = new VectorScope('restarted', 'tenant', 'all')
    await store.collections.create('restarted', spec())
    await store.upsert(scope, [point('kept')])

    await server.stop()
    const calls = [store.ping(), store.search(scope, { legs }), store.upsert(scope, [point('lost')])]
    for (const error of await Promise.all(calls.map(rejection))) {
      expect(error).to.be.instanceOf(VectorStoreUnavailable)
      expect(error.message).to.match(/^Qdrant at 127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)$/)
    }

    await server.start()
    const [found] = await store.search(scope, { legs })
    expect(found?.map(({ text }) => text)).to.deep.equal(['kept'])
    await store.close()
    await server.stop()
  })

  describe('behind a faulty network', () => {
    const collection = `${uniquePrefix()}_g1`
    const scope = new VectorScope(collection, 'tenant', 'all')
    let server: TestQdrant
    let direct: VectorStore
    let proxy: ScriptedProxy
    let store: QdrantVectorStore

    before(async function () {
      server = await orSkip(this, qdrant())
      direct = new QdrantVectorStore(server)
      await direct.collections.create(collection, spec())
      await direct.upsert(scope, [point('one')])
    })
    after(async () => {
      await direct?.collections.delete(collection)
      await direct?.close()
    })
    beforeEach(async () => {
      proxy = await scriptedProxy(server.url)
      store = new QdrantVectorStore({ url: proxy.url, apiKey: server.apiKey ?? 'key', timeoutMs: 500 })
    })
    afterEach(async () => {
      await store?.close()
      await proxy?.stop()
    })

    it('asks for all legs in one request, with the API key, on one connection', async () => {
      for (let time = 0; time < 3; time++) await store.search(scope, { legs })
      expect(proxy.seen).to.have.length(3)
      for (const { method, path, headers } of proxy.seen) {
        expect(`${method} ${path}`).to.equal(`POST /collections/${collection}/points/query/batch`)
        expect(headers['api-key']).to.equal(server.apiKey ?? 'key')
        expect(headers.connection).to.equal('keep-alive')
      }
    })

    it('asks nothing when nothing can be found', async () => {
      await store.search(scope.narrow([]), { legs })
      await store.search(scope, { legs: [] })
      await store.search(scope, { legs, filter: { field: 'a', op: 'in', value: [] } })
      await store.count(scope.narrow([]), { all: true })
      await store.delete(scope.narrow([]), { all: true })
      await store.upsert(scope, [])
      expect(proxy.seen).to.deep.equal([])
    })

    for (const status of [429, 500, 502, 503, 504])
      it(`tries again after ${status}`, async () => {
        proxy.script = () => (proxy.seen.length <= 2 ? { status, body: 'busy' } : 'pass')
        const [found] = await store.search(scope, { legs })
        expect(found).to.have.length(1)
        expect(proxy.seen).to.have.length(3)
      })

    it('gives up after three tries, and tells what the server said', async () => {
      proxy.script = () => ({ status: 503, body: JSON.stringify({ status: { error: 'shard is down' } }) })
      const error = await rejection(store.search(scope, { legs }))
      expect(error).to.be.instanceOf(VectorStoreUnavailable)
      expect(error.message).to.match(/answers 503: shard is down$/)
      expect(proxy.seen).to.have.length(3)
    })

    it('waits as long as Retry-After says', async () => {
      proxy.script = () => (proxy.seen.length === 1 ? { status: 429, headers: { 'retry-after': '1' } } : 'pass')
      const start = performance.now()
      await store.count(scope, { all: true })
      expect(performance.now() - start).to.be.within(990, 3000)
    })

    it('gives up when Retry-After is longer than anybody waits here, and tells how long', async () => {
      const header = (value: string) => () => ({ status: 429, headers: { 'retry-after': value }, body: 'slow down' })
      for (const [value, least, most] of [
        ['30', 30_000, 30_000],
        [new Date(Date.now() + 30_000).toUTCString(), 20_000, 31_000],
      ] as const) {
        proxy.script = header(value)
        const asked = proxy.seen.length
        const fresh = new QdrantVectorStore({ url: proxy.url, timeoutMs: 500 })
        const error = (await rejection(fresh.count(scope, { all: true }))) as VectorStoreUnavailable
        expect(error).to.be.instanceOf(VectorStoreUnavailable)
        expect(error.message).to.match(/answers 429: slow down$/)
        expect(error.why).to.equal('overloaded')
        expect(error.retryAfterMs).to.be.within(least, most)
        proxy.script = () => 'pass'
        expect((await rejection(fresh.count(scope, { all: true }))).message, 'asked too early').to.equal(error.message)
        expect(proxy.seen).to.have.length(asked + 1)
        await fresh.close()
      }
    })

    it('tells a refused API key apart', async () => {
      proxy.script = () => ({ status: 401, body: 'no' })
      const error = (await rejection(store.count(scope, { all: true }))) as VectorStoreUnavailable
      expect(error.why).to.equal('refused')
      expect(proxy.seen).to.have.length(1)
    })

    it('writes again what it got no answer for', async () => {
      proxy.script = () => (proxy.seen.length === 1 ? 'lose-answer' : 'pass')
      await store.upsert(scope, [point('two')])
      expect(await direct.count(scope, { ids: [point('two').id] })).to.equal(1)
      await store.delete(scope, { ids: [point('two').id] })
      expect(proxy.seen).to.have.length(3)
    })

    it('does not wait for ever, and not three times', async () => {
      proxy.script = () => 'hang'
      const error = await rejection(store.search(scope, { legs }))
      expect(error).to.be.instanceOf(VectorStoreUnavailable)
      expect(error.message).to.contain('did not answer within 500 ms')
      expect(proxy.seen).to.have.length(1)
    })

    it('stops when its caller does', async () => {
      proxy.script = () => 'hang'
      const abort = new AbortController()
      const search = rejection(store.search(scope, { legs, signal: abort.signal }))
      setTimeout(() => abort.abort(), 20)
      const error = await search
      expect(error).to.be.instanceOf(VectorStoreUnavailable)
      expect(error.message).to.contain('was cancelled')
    })

    it('has made a collection whose answer was lost', async () => {
      const name = `${collection}_lost`
      proxy.script = ({ method, path }) =>
        method === 'PUT' && path === `/collections/${name}` ? 'lose-answer' : 'pass'
      await store.collections.create(name, spec())
      expect((await direct.collections.describe(name))?.indexes).to.have.length(4)
      await direct.collections.delete(name)
    })

    it('has made a collection whose answer came too late', async () => {
      const name = `${collection}_late`
      proxy.script = ({ method, path }) => (method === 'PUT' && path === `/collections/${name}` ? 'hang' : 'pass')
      await direct.collections.create(name, spec())
      await store.collections.create(name, spec())
      await direct.collections.delete(name)
    })

    it('has not made a collection when there is none after the failure', async () => {
      const name = `${collection}_failed`
      proxy.script = ({ method }) => (method === 'PUT' ? { status: 500, body: 'disk full' } : 'pass')
      const error = await rejection(store.collections.create(name, spec()))
      expect(error).to.be.instanceOf(VectorStoreUnavailable)
      expect(error.message).to.contain('disk full')
      expect(await direct.collections.describe(name)).to.equal(null)
    })

    it("does not take a proxy's 404 for a missing collection", async () => {
      proxy.script = () => ({ status: 404, body: '<html>no such page</html>' })
      const calls = [store.collections.describe(collection), store.count(scope, { all: true })]
      for (const error of await Promise.all(calls.map(rejection))) {
        expect(error).not.to.be.instanceOf(CollectionMissing)
        expect(error.message).to.contain('no such page')
      }
    })

    it('says so when the address is not a Qdrant', async () => {
      proxy.script = () => ({ status: 200, body: '<html>welcome</html>' })
      expect((await rejection(store.count(scope, { all: true }))).message).to.contain('is it a Qdrant?')
      expect(await rejection(store.ping())).to.be.instanceOf(VectorStoreUnavailable)
    })

    for (const status of [401, 403])
      it(`says at once that the key is refused (${status}), without the key`, async () => {
        proxy.script = () => ({ status })
        const error = await rejection(store.ping())
        expect(error).to.be.instanceOf(VectorStoreUnavailable)
        expect(error.message).to.contain(`refuses the API key (${status}); check QDRANT_API_KEY`)
        expect(error.message).not.to.contain(server.apiKey ?? "'key'")
      })

    it('refuses to make collections on a server that would forget their owner', async () => {
      proxy.script = ({ path }) => (path === '/' ? { status: 200, body: '{"version":"1.15.5"}' } : 'pass')
      const error = await rejection(store.collections.create(`${collection}_old`, spec()))
      expect(error.message).to.match(/is version 1\.15\.5, which cannot keep .* upgrade it to 1\.16 or newer/)
      expect(proxy.seen.map(({ method }) => method)).to.deep.equal(['GET'])
    })
  })

  it('speaks TLS to an https URL, and refuses a certificate that it cannot trust', async function () {
    const server = await orSkip(this, qdrant())
    const folder = await mkdtemp(join(tmpdir(), 'selfrag-tls-'))
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    await promisify(execFile)('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', keyFile, '-out', certFile]) // prettier-ignore
    const [key, cert] = await Promise.all([readFile(keyFile, 'utf8'), readFile(certFile, 'utf8')])
    const secure = createTlsServer({ key, cert }, (request, response) => {
      void fetch(new URL(request.url ?? '/', server.url))
        .then(answer => answer.text())
        .then(text => response.end(text))
    })
    await new Promise<void>(resolve => secure.listen(0, '127.0.0.1', resolve))
    const url = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`
    const trusted = tls.getCACertificates()
    const stores = [new QdrantVectorStore({ url }), new QdrantVectorStore({ url })] as const
    try {
      const error = await rejection(stores[0].ping())
      expect(error).to.be.instanceOf(VectorStoreUnavailable)
      expect(error.message).to.contain('SELF_SIGNED_CERT')
      tls.setDefaultCACertificates([...trusted, cert])
      expect(await stores[1].ping()).to.match(/^qdrant \d/)
    } finally {
      tls.setDefaultCACertificates(trusted)
      for (const store of stores) await store.close()
      secure.closeAllConnections()
      secure.close()
      await rm(folder, { recursive: true, force: true })
    }
  })
})
