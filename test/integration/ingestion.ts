import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { type BenchStores, IngestionBench, request } from '../support/ingestion.ts'
import type { ChunkRow, LexicalStatisticsRow } from '../../api/stores/postgres/rows.ts'
import { eventually } from '../support/eventually.ts'
import { orSkip } from '../support/missing-part.ts'

/** What holds for documents on every combination of stores. */
export function ingestionSuite(name: string, openStores: () => Promise<BenchStores>): void {
  describe(`ingestion: ${name}`, function () {
    this.timeout(60_000)
    let bench: IngestionBench

    before(async function () {
      bench = await IngestionBench.open(await orSkip(this, openStores()))
      await bench.startWorker()
    })
    after(() => bench?.close())

    it('makes a text searchable, stage by stage', async () => {
      const content = 'Valves are checked every spring. '.repeat(30)
      const accepted = await bench.add(content, { title: 'Maintenance', metadata: { year: 2024 }, externalId: 'm-1' })
      expect(accepted).to.include({ status: 'queued', duplicate: false })
      const { job } = await bench.until(accepted.document_id, 'ready')
      expect(job).to.include({ id: accepted.job_id, status: 'succeeded', stage: null, attempts: 1, error: null })
      expect(job?.stages.map(({ name: stage, status, attempts }) => [stage, status, attempts])).to.deep.equal([
        ['parse', 'done', 1],
        ['chunk', 'done', 1],
        ['enrich', 'done', 1],
        ['embed', 'done', 1],
        ['store', 'done', 1],
      ])
      const document = await bench.service.get(bench.scope, accepted.document_id)
      const { items, total } = await bench.service.chunks(bench.scope, accepted.document_id, { limit: 100, offset: 0 })
      expect(total).to.equal(document.chunk_count).and.to.be.above(3)
      for (const chunk of items) expect(content.slice(chunk.start, chunk.end)).to.equal(chunk.text)
      const points = await bench.vectors.inner.get(
        bench.scope.vectors(),
        await pointIds(bench, accepted.document_id, items.length),
      )
      expect(points.map(point => point.text)).to.deep.equal(items.map(chunk => chunk.text))
      expect(points[0]?.metadata).to.deep.equal({ title: 'Maintenance', external_id: 'm-1', year: 2024 })
      expect(await bench.points(accepted.document_id)).to.equal(total)
      expect(await bench.rows('chunk_drafts')).to.be.empty
    })

    it('counts terms exactly once the queue is empty', async () => {
      const words = ['alpha', 'beta', 'gamma', 'delta']
      const all = await Promise.all(words.map(word => bench.add(`${word} shared ${word}`)))
      for (const { document_id } of all) await bench.until(document_id, 'ready')
      await expectExactStatistics(bench)
      await bench.service.remove(bench.scope, all[0]!.document_id, request)
      await expectExactStatistics(bench, rows => rows.every(row => row.document_id !== all[0]!.document_id))
    })

    it('measures what each leg is worth on passages of the chunks themselves', async () => {
      const lines = (m: number) =>
        ['bearing', 'valve', 'gasket'].map(part => `${part} m${m} torque t${m} vendor v${m}.`)
      const all = await Promise.all(Array.from({ length: 50 }, (_, machine) => bench.add(lines(machine).join(' '))))
      for (const { document_id } of all) await bench.until(document_id, 'ready')
      const worth = await eventually(async () => {
        const [row] = await bench.rows<LexicalStatisticsRow>('lexical_statistics')
        expect(row?.leg_worth).to.not.be.oneOf([null, undefined])
        return row!.leg_worth!
      })
      expect(worth.passages).to.be.within(20, 100)
      // Sixteen dimensions cannot tell fifty machines apart; their numbers can.
      const { dense, bm25 } = worth.meanReciprocalRank
      expect(bm25).to.be.within(0.8, 1)
      expect(dense).to.be.within(0, bm25 - 0.2)
      expect(worth.standardScore!.dense).to.be.within(0, worth.standardScore!.bm25 - 0.5)
    })

    it('deletes a document with its points and rows', async () => {
      const { document_id } = await bench.add('A document that goes. '.repeat(40))
      await bench.until(document_id, 'ready')
      const answer = await bench.service.remove(bench.scope, document_id, request)
      expect(answer.status).to.equal('deleting')
      await rejection(bench.service.get(bench.scope, document_id), 'DOC_NOT_FOUND')
      await eventually(async () => expect(await bench.rows('documents', { id: document_id })).to.be.empty)
      expect(await bench.rows('chunks', { document_id })).to.be.empty
      expect(await bench.rows('document_sources', { document_id })).to.be.empty
      expect(await bench.points(document_id)).to.equal(0)
    })

    it('replaces the content of a known external id', async () => {
      const first = await bench.add('The old words stand here. '.repeat(40), { externalId: 'guide' })
      await bench.until(first.document_id, 'ready')
      const second = await bench.add('New words.', { externalId: 'guide' })
      expect(second.document_id).to.equal(first.document_id)
      expect(second.job_id).not.to.equal(first.job_id)
      await bench.until(first.document_id, 'ready')
      const { items } = await bench.service.chunks(bench.scope, first.document_id, { limit: 100, offset: 0 })
      expect(items.map(({ text }) => text)).to.deep.equal(['New words.'])
      expect(await bench.points(first.document_id)).to.equal(1)
      expect(await bench.service.get(bench.scope, first.document_id)).to.include({ revision: 2, chunk_count: 1 })
    })

    it('knows the same content again', async () => {
      const first = await bench.add('One and the same.', { externalId: 'same-1' })
      const again = await bench.add('One and the same.', { externalId: 'same-2' })
      expect(again).to.include({ document_id: first.document_id, duplicate: true })
      await bench.until(first.document_id, 'ready')
      const known = await bench.service.get(bench.scope, first.document_id)
      expect(known.external_id).to.equal('same-1')
    })

    it('takes a deleted content in again as a new document', async () => {
      const first = await bench.add('Here, gone, and here again.', { externalId: 'returns' })
      await bench.service.remove(bench.scope, first.document_id, request)
      const second = await bench.add('Here, gone, and here again.', { externalId: 'returns' })
      expect(second.document_id).not.to.equal(first.document_id)
      await bench.until(second.document_id, 'ready')
      await eventually(async () => expect(await bench.rows('documents', { id: first.document_id })).to.be.empty)
      expect(await bench.points(first.document_id)).to.equal(0)
      expect(await bench.points(second.document_id)).to.equal(1)
    })
  })
}

/** Ids of a document's points, from the chunk rows. */
async function pointIds(bench: IngestionBench, documentId: string, expected: number): Promise<string[]> {
  const { pointId } = await import('../../api/stores/vectors/point-id.ts')
  const rows = await bench.rows<ChunkRow>('chunks', { document_id: documentId })
  expect(rows).to.have.length(expected)
  return rows.map(({ id }) => pointId(id, 1))
}

/** The stored statistics say what the chunks say. */
export async function expectExactStatistics(
  bench: IngestionBench,
  settled: (rows: ChunkRow[]) => boolean = () => true,
): Promise<void> {
  await eventually(async () => {
    const rows = await bench.rows<ChunkRow>('chunks', { kb_id: bench.knowledgeBaseId })
    if (!settled(rows)) throw new Error('not settled yet')
    const [statistics] = await bench.rows<LexicalStatisticsRow>('lexical_statistics', { kb_id: bench.knowledgeBaseId })
    const holders = new Map<number, number>()
    for (const { terms } of rows) for (const term of terms) holders.set(term, (holders.get(term) ?? 0) + 1)
    const sorted = [...holders].sort(([a], [b]) => a - b)
    expect(statistics?.chunk_count).to.equal(rows.length)
    expect(statistics?.terms).to.deep.equal(sorted.map(([term]) => term))
    expect(statistics?.frequencies).to.deep.equal(sorted.map(([, count]) => count))
    const average = rows.reduce((sum, { length }) => sum + length, 0) / rows.length
    expect(statistics?.average_length).to.be.closeTo(average, average * 1e-5)
    expect(statistics?.reweighing).to.equal(false)
    expect(Math.abs(Math.log(statistics!.weighted_with / average))).to.be.below(Math.log(1.1) / 2 + 1e-6)
  }, 15_000)
}

export async function rejection(promise: Promise<unknown>, code: string): Promise<void> {
  const outcome: unknown = await promise.then(
    value => `resolved with ${JSON.stringify(value)}`,
    (error: unknown) => error,
  )
  expect(outcome).to.include({ name: 'ApiError', code })
}
