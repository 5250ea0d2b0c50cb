import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { buildIngestion } from '../../api/build-ingestion.ts'
import type { Patient } from '../../api/doctor/check.ts'
import { jobsCheck } from '../../api/doctor/checks/jobs.ts'
import { retryGivenUp } from '../../api/ingestion/retry-given-up.ts'
import { submitJobs } from '../../api/ingestion/submit-jobs.ts'
import { startEmbeddedPostgres } from '../../api/standalone/embedded-postgres.ts'
import { givenUpJobs } from '../../api/stores/postgres/given-up-jobs.ts'
import { storedSummaryTrees } from '../../api/retrieval/summary-trees/stored-summary-trees.ts'
import { activeGeneration } from '../../api/stores/postgres/embedding-generations.ts'
import type { SummaryRow } from '../../api/stores/postgres/rows.ts'
import { inTenant, TenantScope, type TenantTransaction } from '../../api/stores/postgres/tenant-scope.ts'
import { findTenant } from '../../api/stores/postgres/tenants.ts'
import { type TestApi, type TestTenant, ok, startApi, untilReady } from '../support/api.ts'
import type { Json } from '../support/api-client.ts'
import { eventually } from '../support/eventually.ts'
import { orSkip } from '../support/missing-part.ts'
import { type ModelServer, startModelServer } from '../support/model-server.ts'
import { onTeardown } from '../support/teardown.ts'

const fish = Array.from({ length: 9 }, (_, at) => `Sea horse ${at} lives in tank ${at} and is fed shrimps, which are thawed before. It holds on to plants.`) // prettier-ignore
const money = Array.from({ length: 9 }, (_, at) => `Invoice ${at} is paid within ${at} days, by the accounting office, after two people have signed it.`) // prettier-ignore

/** PGlite, whose Postgres has pgvector. */
async function embedded() {
  const server = await startEmbeddedPostgres(null)
  onTeardown(() => server.stop())
  return { database: { name: 'postgres', url: server.url, drop: async () => undefined }, collectionPrefix: 'raptor' }
}

for (const engine of ['qdrant', 'pgvector'] as const)
  describe(`raptor over HTTP, on ${engine}`, function () {
    this.timeout(120_000)
    let api: TestApi
    let tenant: TestTenant
    let models: ModelServer
    let knowledgeBase: string
    const documents: string[] = []

    before(async function () {
      models = await startModelServer({
        reply: () => JSON.stringify({ summary: 'Of sea horses: how they live and are fed.' }),
      })
      onTeardown(() => models.close())
      const environment = { LLM_PROVIDER: 'openai', LLM_MODEL: 'scripted', OPENAI_BASE_URL: models.openAiUrl, OPENAI_API_KEY: 'sk-of-the-test', VECTOR_ENGINE: engine } // prettier-ignore
      api = await orSkip(
        this,
        startApi({ embedding: 'local', environment, ...(engine === 'pgvector' && { on: await embedded() }) }),
      )
      tenant = await api.tenant()
      const chunking = { chunk_size: 120, chunk_overlap: 0 }
      const retrieval = { default_retriever: 'raptor' }
      knowledgeBase = ok(await tenant.client.post('/v1/knowledge-bases', { name: 'tree', chunking, retrieval })).id
      for (const [title, lines] of [
        ['Fish', fish],
        ['Money', money],
      ] as const) {
        const { document_id } = ok(await tenant.client.post(`/v1/knowledge-bases/${knowledgeBase}/documents`, { title, content: lines.join('\n\n') })) // prettier-ignore
        documents.push(document_id)
        await untilReady(tenant.client, document_id)
      }
    })

    const ask = (body: Record<string, unknown> = {}) =>
      tenant.client.post('/v1/retrieve', { query: 'How do sea horses live?', top_k: 10, include_trace: true, knowledge_base_ids: [knowledgeBase], ...body }) // prettier-ignore
    const inTenantOf = async <T>(work: (transaction: TenantTransaction) => Promise<T>): Promise<T> => {
      const { database } = api.application.stores
      return inTenant(database, new TenantScope((await findTenant(database, tenant.id))!), work)
    }
    const askForTree = async () => {
      await inTenantOf(inside => submitJobs(inside, api.application.queue, [{ kind: 'summarize', knowledgeBaseId: knowledgeBase }])) // prettier-ignore
      api.application.queue.wake()
    }
    const summaries = () => inTenantOf(({ sql }) => sql<SummaryRow>('summaries').select() as Promise<SummaryRow[]>)

    it('makes the tree when documents are ready, to one summary of all, and leads from summaries to chunks', async () => {
      const { results, model, trace } = await eventually(async () => {
        const answer = ok(await ask())
        if (!(answer.trace.summaries?.length > 1)) throw new Error(`no tree yet: ${JSON.stringify(answer.trace)}`)
        return answer
      }, 60_000)
      expect(model.retriever).to.equal('raptor')
      for (const { id, level, chunks } of trace.summaries as Json[]) {
        expect(id).to.be.a('string')
        expect(level).to.be.at.least(1)
        expect(chunks).to.be.a('number')
      }
      // Text that a document holds, never a summary's.
      for (const { document_id, text } of results as Json[]) {
        expect(documents).to.include(document_id)
        expect([...fish, ...money].some(line => line.includes(text) || text.includes(line))).to.equal(true)
      }
      const rows = await eventually(async () => {
        const live = (await summaries()).filter(one => one.live)
        const all = live.find(({ chunk_ids }) => chunk_ids.length === 18)
        if (!all) throw new Error('not of all chunks yet')
        return live
      }, 60_000)
      const top = Math.max(...rows.map(({ level }) => level))
      expect(rows.filter(({ level }) => level === top)).to.have.length(1)
      const document = ok(await tenant.client.get(`/v1/documents/${documents[0]}`))
      expect(document.chunk_count, 'summaries are no chunks').to.equal(9)
    })

    it('is not there for whoever has no tree, who is told what to do', async () => {
      const other = await tenant.knowledgeBase('without')
      const content = money.join('\n\n').repeat(3)
      const { document_id } = ok(await tenant.client.post(`/v1/knowledge-bases/${other}/documents`, { content }))
      await untilReady(tenant.client, document_id)
      const { status, body } = await eventually(async () => {
        const answer = await ask({ knowledge_base_ids: [other], retriever: 'raptor' })
        if (answer.status !== 409) throw new Error('not counted yet')
        return answer
      })
      expect([status, body.code]).to.deep.equal([409, 'KB_CONFIG_ERROR'])
      expect(body.detail).to.match(/no summary tree.*default_retriever is raptor/)
      const stranger = await api.tenant()
      const foreign = await stranger.client.post('/v1/retrieve', { query: 'sea horses', knowledge_base_ids: [knowledgeBase], retriever: 'raptor' }) // prettier-ignore
      expect([foreign.status, foreign.body.code]).to.deep.equal([404, 'KB_NOT_FOUND'])
    })

    it('shows a tree, and what lies near its summaries, to its own tenant and to keys of its knowledge base alone', async () => {
      const { database, vectors } = api.application.stores
      const own = (await findTenant(database, tenant.id))!
      const stranger = (await findTenant(database, (await api.tenant()).id))!
      const { fingerprint } = (await activeGeneration(database, own.collection))!
      const elsewhere = await tenant.knowledgeBase('elsewhere')
      const fail = (error: unknown) => expect.fail(String(error))
      const trees = storedSummaryTrees(database, { now: () => new Date(), onRefreshError: fail })
      const tree = await trees.of(new TenantScope(own), [knowledgeBase], fingerprint)
      expect(tree.length).to.be.greaterThan(1)
      const legs = tree.map(({ embedding }) => ({ using: 'dense', vector: embedding, limit: 30 }) as const)
      const near = async (scope: TenantScope) => (await vectors.search(scope.vectors(), { legs })).flat()
      expect(await near(new TenantScope(own, [knowledgeBase]))).not.to.be.empty
      for (const scope of [new TenantScope(stranger), new TenantScope(own, [elsewhere])]) {
        expect(await trees.of(scope, [knowledgeBase], fingerprint)).to.deep.equal([])
        expect(await near(scope)).to.deep.equal([])
      }
    })

    it('keeps no summary that was made of a chunk while that went, even when no tree is due', async () => {
      await inTenantOf(({ sql }) => sql.raw(
        `INSERT INTO summaries (kb_id, level, source, text, chunk_ids, embedding, embedded_by)
         SELECT kb_id, level, 'late', 'Of what is gone.', ARRAY[gen_random_uuid()], embedding, embedded_by FROM summaries WHERE live LIMIT 1`,
      )) // prettier-ignore
      await askForTree()
      await eventually(async () => expect((await summaries()).filter(({ source }) => source === 'late')).to.be.empty, 30_000) // prettier-ignore
      expect((await summaries()).length).to.be.greaterThan(1)
    })

    it('gives a tree up that is refused for good, tells why, and makes it when a worker starts anew', async () => {
      const { database } = api.application.stores
      const kept = await summaries()
      await inTenantOf(({ sql }) => sql('summaries').delete())
      models.misbehave({ kind: 'status', status: 401 })
      await askForTree()
      const [job] = await eventually(async () => {
        const given = await givenUpJobs(database)
        expect(given).to.have.length(1)
        return given
      }, 30_000)
      expect(job).to.deep.include({ kb_id: knowledgeBase, kind: 'summarize' })
      expect(job!.error).to.deep.include({ code: 'LLM_FAILED', transient: false })
      expect(job!.error!.message).to.contain('refused the API key')
      expect(await (await fetch(`${api.url}/metrics`)).text()).to.contain('jobs_given_up{kind="summarize"} 1')
      const found = await jobsCheck.examine({ database } as Patient, new AbortController().signal)
      expect(found).to.include({ status: 'warning', cause: `LLM_FAILED: ${job!.error!.message}` })
      models.reset({ reply: () => JSON.stringify({ summary: 'Of sea horses: how they live and are fed.' }) })
      expect(await retryGivenUp(buildIngestion(api.application))).to.equal(1)
      await eventually(async () => expect((await summaries()).filter(({ live }) => live)).to.have.length(kept.length), 30_000) // prettier-ignore
      await eventually(async () => expect(await givenUpJobs(database)).to.be.empty)
    })

    it('keeps no summary of a deleted document, and makes the tree of the rest anew', async () => {
      const chunkIds = async (id: string) =>
        (ok(await tenant.client.get(`/v1/documents/${id}/chunks?page_size=50`)).items as Json[]).map(chunk => String(chunk.id)) // prettier-ignore
      const [gone, kept] = [await chunkIds(documents[0]!), await chunkIds(documents[1]!)]
      expect((await summaries()).flatMap(({ chunk_ids }) => chunk_ids)).to.include.members(gone)
      await tenant.client.delete(`/v1/documents/${documents[0]}`)
      // In the very transaction in which the document goes, not only when the tree is made anew.
      const left = await eventually(() =>
        inTenantOf(async ({ sql }) => {
          if (await sql('documents').where({ id: documents[0] }).first()) throw new Error('the document is still there')
          return sql<SummaryRow>('summaries').select()
        }),
      )
      expect(left.flatMap(({ chunk_ids }) => chunk_ids)).not.to.include.members(gone.slice(0, 1))
      await eventually(async () => {
        const all = (await summaries()).filter(({ live, chunk_ids }) => live && chunk_ids.length === kept.length)
        expect(all.map(({ chunk_ids }) => new Set(chunk_ids))).to.deep.include(new Set(kept))
      }, 60_000)
      const { results } = ok(await ask())
      for (const { document_id } of results as Json[]) expect(document_id).to.equal(documents[1])
    })

    it('takes the tree away when another retriever is the default', async () => {
      ok(await tenant.client.patch(`/v1/knowledge-bases/${knowledgeBase}`, { retrieval: {} }))
      await eventually(async () => expect(await summaries()).to.be.empty, 60_000)
    })
  })
