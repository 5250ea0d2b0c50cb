import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { weightFor } from '../../api/ingestion/weight-average.ts'
import { JobQueue } from '../../api/ingestion/queue.ts'
import { submitJobs } from '../../api/ingestion/submit-jobs.ts'
import type { ChunkRow, JobRow, KnowledgeBaseRow, LexicalStatisticsRow } from '../../api/stores/postgres/rows.ts'
import { inTenant } from '../../api/stores/postgres/tenant-scope.ts'
import { documentWeights } from '../../api/retrieval/bm25/weights.ts'
import { eventually } from '../support/eventually.ts'
import { IngestionBench, provision, quiet, realStores, request } from '../support/ingestion.ts'
import { orSkip } from '../support/missing-part.ts'
import { expectExactStatistics } from './ingestion.ts'

describe('ingestion: a knowledge base', function () {
  this.timeout(90_000)
  let bench: IngestionBench

  before(async function () {
    bench = await IngestionBench.open(await orSkip(this, realStores()))
    await bench.startWorker()
  })
  after(() => bench?.close())

  it('goes with all of its documents, also those at work, and no others', async () => {
    const { scope, knowledgeBaseId } = await provision(bench.stores, bench.database, bench.vectors.inner, 'leaves')
    const texts = Array.from({ length: 30 }, (_, index) => ({ content: `Number ${index} leaves. `.repeat(20) }))
    const other = await bench.add('Another tenant stays.')
    await bench.until(other.document_id, 'ready')
    await bench.service.createBatch(scope, knowledgeBaseId, texts, request)
    const ready = () => inTenant(bench.database, scope, ({ sql }) => sql('documents').where({ status: 'ready' }))
    await eventually(async () => expect(await ready()).not.to.be.empty, 20_000, 10)
    await inTenant(bench.database, scope, async tenant => {
      await tenant.sql('knowledge_bases').where({ id: knowledgeBaseId }).update({ deleted_at: tenant.sql.fn.now() })
      await submitJobs(tenant, bench.queue, [{ kind: 'delete-knowledge-base', knowledgeBaseId }])
    })
    await eventually(async () => {
      for (const table of ['knowledge_bases', 'documents', 'document_sources', 'chunks', 'chunk_drafts']) {
        const rows: unknown[] = await inTenant(bench.database, scope, async ({ sql }) => sql(table))
        expect(rows, table).to.be.empty
      }
    }, 40_000)
    expect(await bench.vectors.inner.count(scope.vectors(), { all: true })).to.equal(0)
    expect(await bench.points(other.document_id)).to.equal(1)
    await eventually(async () => {
      const unfinished = await bench
        .database<JobRow>('jobs')
        .withSchema('selfrag')
        .where({ kb_id: knowledgeBaseId })
        .whereIn('status', ['queued', 'running'])
      expect(unfinished).to.be.empty
    })
  })

  it('has a new version whenever what can be found has changed', async () => {
    const version = async () => Number((await bench.rows<KnowledgeBaseRow>('knowledge_bases'))[0]!.version)
    const before = await version()
    const { document_id } = await bench.add('Something new to find.')
    await bench.until(document_id, 'ready')
    const added = await version()
    expect(added).to.be.above(before)
    await bench.service.remove(bench.scope, document_id, request)
    expect(await version()).to.be.above(added)
  })

  it('has its vectors weighted anew when its chunks become longer', async () => {
    const short = await bench.add('Brief words.')
    await bench.until(short.document_id, 'ready')
    await expectExactStatistics(bench)
    const [before] = await bench.rows<LexicalStatisticsRow>('lexical_statistics')
    bench.vectors.next('updateSparse', () => new Error('a fault that nobody foresaw'))
    const long = 'Considerably longer passages about turbines valves pistons crankshafts bearings gaskets. '
    for (let index = 0; index < 3; index++) {
      const { document_id } = await bench.add(`${long}${index} ${long}`)
      await bench.until(document_id, 'ready')
    }
    await expectExactStatistics(bench)
    const [after] = await bench.rows<LexicalStatisticsRow>('lexical_statistics')
    expect(after!.weighted_with).to.be.above(before!.weighted_with * 1.1)
    await expectStoredWeights(bench, after!.average_length)
  })

  it('survives ten queues that start at the same time on a new database', async () => {
    const stores = await realStores()
    const fresh = await IngestionBench.open(stores)
    try {
      const queues = Array.from({ length: 10 }, () => new JobQueue({ database: fresh.database, log: quiet, supervise: true })) // prettier-ignore
      await Promise.all(queues.map(queue => queue.start()))
      await Promise.all(queues.map(queue => queue.stop(100)))
      await fresh.startWorker()
      const { document_id } = await fresh.add('It works.')
      await fresh.until(document_id, 'ready')
    } finally {
      await fresh.close()
    }
  })

  it('is indexed as fast as the work allows, not as the queue is polled', async () => {
    const texts = Array.from({ length: 40 }, (_, index) => ({ content: `Small document number ${index}.` }))
    const { items } = await bench.service.createBatch(bench.scope, bench.knowledgeBaseId, texts, request)
    const started = performance.now()
    for (const item of items) if ('document_id' in item) await bench.until(item.document_id, 'ready', 60_000)
    const jobs = await bench.database<JobRow>('jobs').withSchema('selfrag').where({ kind: 'ingest', kb_id: bench.knowledgeBaseId }).orderBy('finished_at', 'desc').limit(40) // prettier-ignore
    const busy = jobs.reduce((sum, { stages, finished_at }) => sum + finished_at!.getTime() - Date.parse(stages[0]!.started_at!), 0) // prettier-ignore
    // Two at a time: had each waited for a poll of half a second, 40 documents would have taken ten seconds more.
    expect(performance.now() - started).to.be.below(busy / 2 + 5_000)
  })
})

/** What a sparse search scores a chunk with is what its terms and the average say. */
async function expectStoredWeights(bench: IngestionBench, averageLength: number): Promise<void> {
  const chunks = await bench.rows<ChunkRow>('chunks')
  const expected = new Map(
    chunks.map(({ id, terms, frequencies, length }) => [
      id,
      documentWeights({ terms: new Map(terms.map((term, index) => [term, frequencies[index]!])), length }, weightFor(averageLength)), // prettier-ignore
    ]),
  )
  for (const term of new Set(chunks.flatMap(({ terms }) => terms.slice(0, 2)))) {
    const leg = { using: 'sparse', vector: { indices: [term], values: [1] }, limit: 100 } as const
    const [found = []] = await bench.vectors.inner.search(bench.scope.vectors(), { legs: [leg] })
    expect(found).not.to.be.empty
    for (const { chunkId, score } of found) {
      const { indices, values } = expected.get(chunkId)!
      expect(score).to.be.closeTo(values[indices.indexOf(term)]!, 1e-3)
    }
  }
}
