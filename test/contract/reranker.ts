import { expect } from 'chai'
import { after, afterEach, before, describe, it } from 'mocha'
import { ProviderError } from '../../api/providers/provider-error.ts'
import type { Reranker } from '../../api/providers/rerankers/reranker.ts'
import type { RetryPolicy } from '../../api/providers/retry.ts'
import { type ModelServer, startModelServer } from '../support/model-server.ts'
import { rejectionOf } from '../support/rejection.ts'

const quick: RetryPolicy = { attempts: 3, baseDelayMs: 1, longestDelayMs: 2000 }
const query = 'heat transfer in a nozzle'
const texts = ['wings and slipstreams', 'heat transfer in a nozzle', 'heat', '']

/** What every reranker must keep, against a server that speaks its protocol. */
export function rerankerContract(
  name: string,
  make: (server: ModelServer, settings: { timeoutMs: number; retries: RetryPolicy }) => Reranker,
): void {
  describe(`reranker ${name}`, () => {
    let server: ModelServer
    let reranker: Reranker

    before(async () => {
      server = await startModelServer()
      reranker = make(server, { timeoutMs: 5000, retries: quick })
    })
    afterEach(() => server.reset())
    after(() => server.close())

    it('gives one score a text, in the order of the texts', async () => {
      const scores = await reranker.rerank({ query, texts })
      expect(scores).to.have.length(4)
      expect(scores[1]).to.be.greaterThan(scores[2]!)
      expect(scores[2]).to.be.greaterThan(scores[0]!)
      expect(server.seen[0]!.body).to.include({ model: reranker.model, query, top_n: 4 })
    })

    it('takes no texts, and more than one request takes', async () => {
      expect(await reranker.rerank({ query, texts: [] })).to.deep.equal([])
      expect(server.seen).to.have.length(0)
      const many = Array.from({ length: 1100 }, (_, index) => (index === 1050 ? query : `text ${index}`))
      const scores = await reranker.rerank({ query, texts: many })
      expect(scores).to.have.length(1100)
      expect(scores.indexOf(Math.max(...scores))).to.equal(1050)
      expect(server.seen.length).to.be.greaterThan(1)
    })

    it('refuses answers in which a score is missing, stands twice or belongs to no text', async () => {
      for (const kind of [
        'missing-score',
        'duplicate-index',
        'strange-index',
        'no-number',
        'not-the-protocol',
        'malformed',
      ] as const) {
        // prettier-ignore
        server.reset()
        server.misbehave({ kind }, { kind }, { kind })
        const error = await failure(reranker.rerank({ query, texts }))
        expect(error.message, kind).to.include('cannot be used')
        expect(error).to.include({ transient: true, provider: reranker.provider })
        expect(server.seen).to.have.length(3)
      }
    })

    it('tries again after failures that can pass, and not after others', async () => {
      server.misbehave({ kind: 'status', status: 429 }, { kind: 'hang-up' })
      expect(await reranker.rerank({ query, texts })).to.have.length(4)
      for (const status of [400, 401, 404, 422]) {
        server.reset()
        server.misbehave({ kind: 'status', status, body: { message: 'scripted message' } })
        const error = await failure(reranker.rerank({ query, texts }))
        expect(error.transient, String(status)).to.equal(false)
        expect(error.message).to.include(status === 401 ? 'API key' : 'scripted message')
        expect(server.seen).to.have.length(1)
      }
    })

    it('says when time is up, and when nobody is there', async () => {
      server.misbehave({ kind: 'hang' })
      const hasty = make(server, { timeoutMs: 100, retries: quick })
      expect((await failure(hasty.rerank({ query, texts }))).message).to.include('0.1 s')
      const gone = await startModelServer()
      await gone.close()
      const error = await failure(make(gone, { timeoutMs: 1000, retries: { ...quick, attempts: 1 } }).rerank({ query, texts })) // prettier-ignore
      expect(error.message).to.include('ECONNREFUSED')
    })

    it('ends with the reason of a caller that gives up, and ends the request', async () => {
      server.misbehave({ kind: 'hang' })
      const caller = new AbortController()
      const call = reranker.rerank({ query, texts, signal: caller.signal }).catch((error: unknown) => error)
      while (server.seen.length === 0) await new Promise(resolve => setImmediate(resolve))
      const reason = new Error('the client went away')
      caller.abort(reason)
      expect(await call).to.equal(reason)
      await server.seen[0]!.abandoned
    })
  })
}

const failure = (call: Promise<unknown>) => rejectionOf(call, ProviderError)
