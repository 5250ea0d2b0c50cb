import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { verifyIsolation } from '../../api/provisioning/verify-isolation.ts'
import { findTenantBySlug } from '../../api/stores/postgres/tenants.ts'
import { type ApiOptions, type TestApi, type TestTenant, ok, startApi, untilReady } from '../support/api.ts'
import type { Json } from '../support/api-client.ts'
import { backupFolder, run, type StoreEnvironment } from '../support/backups.ts'
import { eventually } from '../support/eventually.ts'
import { orSkip } from '../support/missing-part.ts'
import { databaseWithVectors } from '../support/postgres-with-vectors.ts'
import { destroyStores } from '../support/destroy-stores.ts'

const subjects = ['pump', 'valve', 'filter', 'bearing', 'seal', 'gauge', 'motor', 'belt', 'nozzle', 'flange']
const doings = ['replaced', 'cleaned', 'inspected', 'greased', 'ordered']

/** Ten subjects, five doings: every document has an answer that no other has. */
const documents = subjects.flatMap((subject, s) =>
  doings.map((doing, d) => ({
    title: `${subject} ${doing}`,
    content: `The ${subject} of hall ${s} is ${doing} every ${7 * (d + 1)} days. Ask for part ${subject.toUpperCase()}-${s}${d}.`,
    metadata: { hall: s, doing },
  })),
)

const questions = (title: string) => [`How often is the ${title}?`, `Which part do I need where the ${title} is due?`]

/** What is different: with pgvector both stores are one database. One tenant shows that; what several need is shown once. */
const engines: Record<'Qdrant' | 'pgvector', () => Promise<Partial<ApiOptions>>> = {
  Qdrant: async () => ({}),
  pgvector: async () => ({
    on: { database: await databaseWithVectors(), collectionPrefix: 'drill' },
    environment: { VECTOR_ENGINE: 'pgvector' },
  }),
}

for (const [engine, options] of Object.entries(engines))
  describe(`the drill with ${engine}: fill, back up, destroy both stores, restore`, function () {
    this.timeout(240_000)
    let api: TestApi
    let tenants: TestTenant[]
    let environment: StoreEnvironment

    before(async function () {
      api = await orSkip(
        this,
        options().then(own => startApi({ embedding: 'local', ...own })),
      )
      tenants = engine === 'pgvector' ? [await api.tenant()] : [await api.tenant(), await api.tenant()]
      for (const tenant of tenants) {
        const kb = await tenant.knowledgeBase('handbook')
        const answer = ok(await tenant.client.post(`/v1/knowledge-bases/${kb}/documents/batch`, { documents }))
        for (const { document_id } of answer.items) await untilReady(tenant.client, document_id) // prettier-ignore
      }
      const { configuration } = api.application
      environment = {
        DATABASE_URL: configuration.DATABASE_URL ?? '',
        VECTOR_ENGINE: configuration.VECTOR_ENGINE,
        QDRANT_URL: configuration.QDRANT_URL ?? '',
        QDRANT_API_KEY: configuration.QDRANT_API_KEY ?? '',
        QDRANT_COLLECTION_PREFIX: configuration.QDRANT_COLLECTION_PREFIX,
        BACKUP_DESTINATION: await backupFolder(),
        BACKUP_ENCRYPTION_KEY: 'correct horse battery staple',
      }
    })

    /** 100 queries, the same number by each tenant: ids and scores of what they find. */
    const answers = async () => {
      const all: Json[] = []
      for (const tenant of tenants)
        for (const query of documents.flatMap(({ title }) => questions(title).slice(0, 2 / tenants.length))) {
          const { results } = ok(await tenant.client.post('/v1/retrieve', { query, top_k: 5 })) // prettier-ignore
          all.push(results.map(({ chunk_id, score, text }: Json) => ({ chunk_id, score, text })))
        }
      return all
    }

    /** Term statistics are counted in the background after documents have come. */
    const settledAnswers = () =>
      eventually(async () => {
        const [once, twice] = [await answers(), await answers()]
        expect(twice).to.deep.equal(once)
        const jobs = await api.application.stores.database('selfrag.jobs').whereIn('status', ['queued', 'running'])
        expect(jobs, 'jobs').to.deep.equal([])
        return twice
      }, 120_000)

    it('gives the same answers to the same 100 queries', async () => {
      const before = await settledAnswers()
      expect(before).to.have.length(100)
      expect(before.every((found: Json) => found.length === 5)).to.equal(true)

      const saved = await run('backup', [], environment)
      expect(saved, saved.stderr).to.include({ code: 0 })
      expect(JSON.parse(saved.stdout.trim())).to.include({
        message: 'the backup is complete',
        tenants: tenants.length,
        points: 50 * tenants.length,
      })

      await destroyStores(api.application.stores, environment['QDRANT_COLLECTION_PREFIX'] ?? '')
      const lost = await tenants[0]!.client.post('/v1/retrieve', { query: 'pump' })
      expect(lost.status).to.not.equal(200)

      const restored = await run('restore', [], environment)
      expect(restored, restored.stderr).to.include({ code: 0 })
      expect(JSON.parse(restored.stdout.trim().split('\n').at(-1) ?? '')).to.include({ message: 'restored', tenants: tenants.length, points: 50 * tenants.length, documents: 50 * tenants.length, incomplete: 0, orphans: 0 }) // prettier-ignore
      const after = await answers()
      for (const [index, found] of before.entries()) expect(after[index], `query ${index}`).to.deep.equal(found)
    })

    it('gives every tenant its fence back, and goes on working', async () => {
      const { stores } = api.application
      for (const { slug } of tenants) {
        const row = await findTenantBySlug(stores.database, slug)
        expect((await verifyIsolation(stores, row!))?.reached, slug).to.deep.equal([])
      }
      const [tenant] = tenants
      const kb = await tenant!.knowledgeBase('new')
      const added = ok(await tenant!.client.post(`/v1/knowledge-bases/${kb}/documents`, { title: 'Later', content: 'Written after the restore.' })) // prettier-ignore
      await untilReady(tenant!.client, added.document_id)
      const log = ok(await api.admin.get('/admin/audit-logs?page_size=1'))
      expect(log.total, 'the audit log was restored, and new rows have new ids').to.be.greaterThan(2)
    })
  })
