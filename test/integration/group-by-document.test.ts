import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { startEmbeddedPostgres } from '../../api/standalone/embedded-postgres.ts'
import { type TestApi, type TestTenant, ok, startApi, untilReady } from '../support/api.ts'
import type { Json } from '../support/api-client.ts'
import { onTeardown } from '../support/teardown.ts'

/** Each paragraph is a chunk. */
const long = Array.from({ length: 12 }, (_, at) => `Part ${at} of the manual speaks of turbines, and of how turbines of kind ${at} are to be kept in good order.`) // prettier-ignore
const documents = {
  manual: long.join('\n\n'),
  rule: 'Turbines are cleaned on Mondays, and whoever has cleaned the turbines writes it into the book of cleaning.',
  menu: 'On Fridays there is fish for everybody who works here, and on other days there is soup.',
}

/** PGlite, whose Postgres has pgvector. */
async function embedded() {
  const server = await startEmbeddedPostgres(null)
  onTeardown(() => server.stop())
  return { database: { name: 'postgres', url: server.url, drop: async () => undefined }, collectionPrefix: 'documents' }
}

for (const engine of ['qdrant', 'pgvector'] as const)
  describe(`group_by: document, on ${engine}`, function () {
    this.timeout(60_000)
    let api: TestApi
    let tenant: TestTenant
    let knowledgeBase: string
    const ids: Record<string, string> = {}

    before(async () => {
      api = await startApi({ environment: { VECTOR_ENGINE: engine }, ...(engine === 'pgvector' && { on: await embedded() }) }) // prettier-ignore
      tenant = await api.tenant()
      const chunking = { chunk_size: 130, chunk_overlap: 0 }
      knowledgeBase = ok(await tenant.client.post('/v1/knowledge-bases', { name: 'works', chunking })).id
      for (const [title, content] of Object.entries(documents)) {
        const { document_id } = ok(await tenant.client.post(`/v1/knowledge-bases/${knowledgeBase}/documents`, { title, content })) // prettier-ignore
        ids[title] = document_id
        await untilReady(tenant.client, document_id)
      }
    })

    const ask = async (body: Record<string, unknown> = {}) => {
      const asked = { query: 'When are turbines cleaned?', knowledge_base_ids: [knowledgeBase], include_trace: true }
      return ok(await tenant.client.post('/v1/retrieve', { ...asked, ...body }))
    }

    it('gives each document once, as its best chunk with that score, and names all of its chunks that were found', async () => {
      const { results: chunks } = await ask({ top_k: 50 })
      const { results, trace } = await ask({ top_k: 50, group_by: 'document' })
      expect(results.map((result: Json) => result.document_id)).to.deep.equal([ids['rule'], ids['manual']])
      for (const { group, ...result } of results as Json[]) {
        const own = chunks.filter((chunk: Json) => chunk.document_id === result.document_id)
        expect({ ...result, group: null }).to.deep.equal(own[0])
        expect(group).to.deep.equal({ chunks: own.length, chunk_ids: own.map((chunk: Json) => chunk.chunk_id) })
      }
      expect(results[1].group.chunks).to.equal(long.length)
      expect(trace.documents).to.equal(2)
    })

    it('counts documents, not chunks, against top_k', async () => {
      const plain = await ask({ query: 'turbines of kind 3 in the book of cleaning', top_k: 3 })
      const grouped = await ask({ query: 'turbines of kind 3 in the book of cleaning', top_k: 2, group_by: 'document' })
      expect(new Set(plain.results.map((result: Json) => result.document_id))).to.have.property('size', 2)
      expect(grouped.results).to.have.length(2)
      const [first] = (await ask({ query: 'turbines of kind 3', top_k: 1, group_by: 'document' })).results
      expect([first.document_id, first.group.chunks]).to.deep.equal([ids['manual'], long.length])
    })

    it('goes with a threshold and a context window', async () => {
      const [best, second] = (await ask({ group_by: 'document' })).results as Json[]
      const between = { score_threshold: (best!.score + second!.score) / 2, group_by: 'document' }
      expect((await ask(between)).results.map((result: Json) => result.document_id)).to.deep.equal([ids['rule']])
      const wide = (await ask({ group_by: 'document', context_window: 1 })).results[1]
      expect(wide.document_id).to.equal(ids['manual'])
      expect(wide.passage.chunk_ids.length).to.be.within(2, 3)
      expect(wide.group.chunks).to.equal(long.length)
    })

    it('gives an answer sources of several documents', async () => {
      const asked = { query: 'When are turbines cleaned?', knowledge_base_ids: [knowledgeBase], group_by: 'document' }
      const { sources } = ok(await tenant.client.post('/v1/rag', asked))
      const found = sources.map((source: Json) => source.document_id)
      expect(found).to.have.length(new Set(found).size)
    })

    it('is chunks without it, and refuses what is no grouping', async () => {
      expect((await ask({ group_by: 'chunk', top_k: 50 })).results).to.deep.equal((await ask({ top_k: 50 })).results)
      const { status, body } = await tenant.client.post('/v1/retrieve', { query: 'turbines', group_by: 'title' })
      expect([status, body.code]).to.deep.equal([400, 'VALIDATION_ERROR'])
      expect(body.detail).to.contain('group_by')
    })
  })
