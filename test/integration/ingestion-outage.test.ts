import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { eventually } from '../support/eventually.ts'
import { IngestionBench, realStores, request } from '../support/ingestion.ts'
import { orSkip } from '../support/missing-part.ts'
import { type SeparateQdrant, separateQdrant } from '../support/qdrant.ts'
import { rejection } from './ingestion.ts'

describe('ingestion: a vector store that is down', function () {
  this.timeout(180_000)
  let store: SeparateQdrant
  let bench: IngestionBench

  before(async function () {
    store = await orSkip(this, separateQdrant())
    bench = await IngestionBench.open(await realStores(store))
    await bench.startWorker()
  })
  after(() => bench?.close())

  it('keeps documents waiting with the reason, hides deleted ones, and does both when it is back', async () => {
    const kept = await bench.add('This one stays.')
    const deleted = await bench.add('This one goes.')
    for (const { document_id } of [kept, deleted]) await bench.until(document_id, 'ready')
    await store.stop()

    const added = await bench.add('This one comes while nothing can be stored.')
    await bench.service.remove(bench.scope, deleted.document_id, request)
    await rejection(bench.service.get(bench.scope, deleted.document_id), 'DOC_NOT_FOUND')
    const waiting = await eventually(async () => {
      const { job } = await bench.service.status(bench.scope, added.document_id)
      if (!job?.error) throw new Error('no reason yet')
      return job
    }, 60_000)
    expect(waiting).to.deep.include({ stage: 'store' })
    expect(waiting.error).to.include({ code: 'VECTOR_STORE_UNAVAILABLE', transient: true })
    expect(waiting.stages[4]?.detail).to.match(/^waiting: /)
    expect(await bench.rows('documents', { id: deleted.document_id })).to.have.length(1)

    await store.start()
    await bench.until(added.document_id, 'ready', 90_000)
    await eventually(async () => expect(await bench.rows('documents', { id: deleted.document_id })).to.be.empty, 90_000)
    expect(await bench.points(deleted.document_id)).to.equal(0)
    expect(await bench.points(added.document_id)).to.equal(1)
    expect(await bench.points(kept.document_id)).to.equal(1)
  })
})
