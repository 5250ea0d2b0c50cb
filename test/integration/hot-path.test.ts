import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { type TestApi, type TestTenant, ok, startApi, untilReady } from '../support/api.ts'
import type { ApiClient } from '../support/api-client.ts'
import { type CountingRelay, countingRelay } from '../support/counting-relay.ts'
import { eventually } from '../support/eventually.ts'
import { orSkip } from '../support/missing-part.ts'
import { type PostgresTap, postgresTap } from '../support/postgres-tap.ts'
import { separateRedis } from '../support/redis.ts'

const REQUESTS = 60
/** What configuration is remembered for is longer; its renewal is one query for all requests of that time. */
const REMEMBERED_MS = 4_000

/**
 * What a search costs besides the search: the configuration is in memory, so Postgres is asked nothing, and Redis once.
 * Counted on the wire of a replica that does no jobs; another one indexes.
 */
describe('the hot path', function () {
  this.timeout(120_000)
  let indexing: TestApi
  let serving: TestApi
  let tenant: TestTenant
  let client: ApiClient
  let tap: PostgresTap
  let redis: CountingRelay

  before(async function () {
    indexing = await orSkip(this, startApi({ embedding: 'local' }))
    tenant = await indexing.tenant({ quotas: { requests_per_minute: 1_000_000 } })
    const kb = await tenant.knowledgeBase()
    for (const content of ['Pumps need oil.', 'Valves need grease.', 'Keys expire after ninety days.']) {
      const { document_id } = ok(await tenant.client.post(`/v1/knowledge-bases/${kb}/documents`, { content }))
      await untilReady(tenant.client, document_id)
    }
    redis = await countingRelay((await orSkip(this, separateRedis())).url)
    const { QDRANT_COLLECTION_PREFIX: collectionPrefix } = indexing.application.configuration
    const now = new Date()
    serving = await startApi({
      on: { database: indexing.database, collectionPrefix },
      embedding: 'local',
      worker: false,
      // Keys, settings and statistics of words are not renewed meanwhile.
      now: () => now,
      databaseAt: async url => (tap = await postgresTap(url)).url,
      environment: { REDIS_URL: redis.url, RATE_LIMIT_STORAGE: 'redis', RATE_LIMIT_PER_MINUTE: '1000000' },
    })
    client = serving.as(tenant.key)
    await eventually(async () => expect((await serving.anonymous.get('/ready')).body.checks.redis.status).to.equal('ok')) // prettier-ignore
  })
  after(async () => {
    await serving.stop()
    await tap.close()
    await indexing.stop()
  })

  const questions: Readonly<Record<string, readonly [string, object]>> = {
    'a search by words': ['/v1/retrieve', { query: 'oil for pumps', retriever: 'bm25' }],
    'a search by meaning': ['/v1/retrieve', { query: 'oil for pumps', retriever: 'dense' }],
    'what is searched with by default': ['/v1/retrieve', { query: 'oil for pumps', include_trace: true }],
    'a search with filter, threshold and reranking': [
      '/v1/retrieve',
      { query: 'oil for pumps', metadata_filter: { year: { ne: 2025 } }, score_threshold: 0.01, rerank: 'mmr' },
    ],
    'an answer out of the documents': ['/v1/rag', { query: 'What do pumps need?' }],
    'the same as a stream': ['/v1/rag', { query: 'What do pumps need?', stream: true }],
    'a chat': [
      '/v1/chat/completions',
      { model: 'selfrag', messages: [{ role: 'user', content: 'What do pumps need?' }] },
    ],
  }

  for (const [name, [path, body]] of Object.entries(questions))
    it(`asks Postgres nothing: ${name}`, async () => {
      await eventually(async () => {
        ok(await client.post(path, body))
        // The first use of a key is noted, and nobody waits for it.
        await eventually(async () => expect((await used()).every(at => at !== null)).to.equal(true))
        const started = performance.now()
        tap.texts.clear()
        tap.counting = true
        const send = async () => {
          for (let sent = 0; sent < REQUESTS / 4; sent++) ok(await client.post(path, body))
        }
        await Promise.all([send(), send(), send(), send()])
        tap.counting = false
        expect(performance.now() - started, 'milliseconds, in which the configuration is not renewed').to.be.below(REMEMBERED_MS) // prettier-ignore
        expect(Object.fromEntries(notBatched(tap.texts))).to.deep.equal({})
      }, 30_000)
    })

  it('asks Redis once where limits are counted there, and once more for a remembered vector', async () => {
    for (const [retriever, roundTrips] of [
      ['bm25', 1],
      ['dense', 2],
    ] as const) {
      // prettier-ignore
      const ask = async () => ok(await client.post('/v1/retrieve', { query: 'oil for pumps', retriever }))
      await ask()
      const before = redis.packets
      for (let sent = 0; sent < 10; sent++) await ask()
      expect((redis.packets - before) / 10, retriever).to.equal(roundTrips)
    }
  })

  const used = async () => {
    const { rows } = await indexing.application.stores.database.raw<{ rows: { last_used_at: Date | null }[] }>('SELECT last_used_at FROM selfrag.api_keys') // prettier-ignore
    return rows.map(({ last_used_at }) => last_used_at)
  }

  /** What requests used is written every five seconds, in one statement for all of them. */
  function notBatched(texts: ReadonlyMap<string, number>): [string, number][] {
    return [...texts].filter(([sql, times]) => !(sql.startsWith('INSERT INTO selfrag.usage') && times <= 1))
  }
})
