import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { CONTROL_SCHEMA } from '../../api/contract/names.ts'
import type { ChunkRow, DocumentRow, JobRow } from '../../api/stores/postgres/rows.ts'
import { inTenant } from '../../api/stores/postgres/tenant-scope.ts'
import { pointId } from '../../api/stores/vectors/point-id.ts'
import { eventually } from '../support/eventually.ts'
import { DIMENSION, IngestionBench, realStores, request, space } from '../support/ingestion.ts'
import { orSkip } from '../support/missing-part.ts'
import { seededRandom } from '../support/random.ts'
import { WorkerProcess } from '../support/worker-process.ts'
import { expectExactStatistics } from './ingestion.ts'

const DOCUMENTS = 1_000
const KILLS = 10

describe('ingestion: a worker that is killed', function () {
  this.timeout(600_000)
  let bench: IngestionBench
  let worker: WorkerProcess

  before(async function () {
    const stores = await orSkip(this, realStores())
    bench = await IngestionBench.open(stores)
    worker = await WorkerProcess.prepare({
      ...stores.environment,
      LOG_LEVEL: 'warn',
      WORKER_CONCURRENCY: '4',
      EMBEDDING_PROVIDER: 'openai',
      EMBEDDING_MODEL: space.model,
      EMBEDDING_DIM: String(DIMENSION),
      EMBEDDING_BASE_URL: bench.models.openAiUrl,
      CHUNKING_SIZE: '200',
      CHUNKING_OVERLAP: '20',
    })
  })
  after(async () => {
    await worker?.end('SIGKILL')
    await bench?.close()
  })

  it(`loses and doubles nothing of ${DOCUMENTS} documents in ${KILLS} kills at random`, async () => {
    const seed = Number(process.env['CRASH_SEED'] ?? Math.floor(Math.random() * 1e9))
    console.log(`      CRASH_SEED=${seed}`)
    const random = seededRandom(seed)
    await addDocuments(bench)
    worker.start()
    // Each kill comes at a random moment of its tenth of the way, so that all of them hit a worker that works.
    for (let kill = 0; kill < KILLS; kill++) {
      const at = Math.floor(((kill + 0.05 + 0.9 * random()) * DOCUMENTS) / KILLS)
      await eventually(async () => expect(await countReady(bench)).to.be.at.least(at), 120_000, 50)
      await worker.end('SIGKILL')
      worker.start()
    }
    await eventually(async () => expect(await countReady(bench)).to.equal(DOCUMENTS), 240_000, 200).catch(
      (error: unknown) => {
        throw new Error(`the worker's log ends:\n${worker.log().slice(-3000)}`, { cause: error })
      },
    )
    await expectEverythingOnce(bench)
    await expectExactStatistics(bench)
    expect(await worker.end('SIGTERM')).to.equal(0)
  })
})

async function addDocuments(bench: IngestionBench): Promise<void> {
  for (let from = 0; from < DOCUMENTS; from += 50) {
    const batch = Array.from({ length: 50 }, (_, index) => ({
      // One or two chunks: the test Qdrant counts in time that grows with its points.
      content: Array.from(
        { length: 1 + ((from + index) % 4) },
        (_, part) => `Document ${from + index} says in part ${part} what nobody else says. `,
      ).join(''),
      externalId: `doc-${from + index}`,
    }))
    const { rejected } = await bench.service.createBatch(bench.scope, bench.knowledgeBaseId, batch, request)
    expect(rejected).to.equal(0)
  }
}

/** One cheap query: it is asked all the time, and the worker needs the processor. */
async function countReady(bench: IngestionBench): Promise<number> {
  const [counted] = await inTenant<{ count: string }[]>(bench.database, bench.scope, async ({ sql }) =>
    sql('documents').where({ status: 'ready' }).count(),
  )
  return Number(counted?.count)
}

/** Each document is ready once, by one job; its chunks are whole; the store holds the chunks' points and no others. */
async function expectEverythingOnce(bench: IngestionBench): Promise<void> {
  const documents = await bench.rows<DocumentRow>('documents')
  expect(documents).to.have.length(DOCUMENTS)
  expect(new Set(documents.map(({ external_id }) => external_id)).size).to.equal(DOCUMENTS)
  const jobs = await bench.database<JobRow>('jobs').withSchema(CONTROL_SCHEMA).where({ kind: 'ingest' })
  expect(jobs).to.have.length(DOCUMENTS)
  expect(jobs.every(({ status }) => status === 'succeeded')).to.equal(true)
  expect(jobs.filter(({ attempts }) => attempts > 1).length, 'jobs that were cut off').to.be.at.least(KILLS / 2)

  const chunks = await bench.rows<ChunkRow>('chunks')
  const byDocument = Map.groupBy(chunks, ({ document_id }) => document_id)
  for (const { id, chunk_count } of documents) {
    const positions = byDocument.get(id)?.map(({ position }) => position) ?? []
    expect(positions.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: chunk_count }, (_, index) => index))
  }
  expect(await bench.rows('chunk_drafts')).to.be.empty
  const expected = new Map(chunks.map(chunk => [pointId(chunk.id, 1), chunk]))
  const points = await bench.vectors.inner.get(bench.scope.vectors(), [...expected.keys()])
  expect(points).to.have.length(chunks.length)
  for (const point of points) expect(point.text).to.equal(expected.get(point.id)?.text)
  expect(await bench.vectors.inner.count(bench.scope.vectors(), { all: true })).to.equal(chunks.length)
}
