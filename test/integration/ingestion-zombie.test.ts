import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { runJob } from '../../api/ingestion/run-job.ts'
import type { JobRow } from '../../api/stores/postgres/rows.ts'
import { IngestionBench, realStores, request } from '../support/ingestion.ts'
import { orSkip } from '../support/missing-part.ts'

/** The queue takes a job away from a worker that it has not heard of for ten seconds; that worker may wake up again. */
describe('ingestion: a worker that was thought dead', function () {
  this.timeout(60_000)
  let bench: IngestionBench
  const never = new AbortController().signal

  before(async function () {
    bench = await IngestionBench.open(await orSkip(this, realStores()))
  })
  after(() => bench?.close())

  /** Runs a job as the queue would, to the moment in which it writes its points; gives how to let it go on. */
  async function runUntilItStores(jobId: string): Promise<{ release(): void; ended: Promise<void> }> {
    let release = () => {}
    let ended: Promise<void> = Promise.resolve()
    await new Promise<void>(reached => {
      bench.vectors.next('upsert', () => {
        reached()
        return new Promise<void>(resolve => (release = resolve))
      })
      ended = runJob(bench.parts(), jobId, never)
    })
    return { release: () => release(), ended }
  }

  it('leaves no points of a document that was deleted meanwhile', async () => {
    const { document_id, job_id } = await bench.add('Deleted behind its back.')
    const zombie = await runUntilItStores(job_id!)
    const { job_id: deletion } = await bench.service.remove(bench.scope, document_id, request)
    await runJob(bench.parts(), deletion!, never)
    expect(await bench.rows('documents', { id: document_id })).to.be.empty
    zombie.release()
    await zombie.ended
    expect(await bench.points(document_id)).to.equal(0)
  })

  it('leaves no points of content that was replaced meanwhile', async () => {
    const { document_id, job_id } = await bench.add('The old content. '.repeat(40), { externalId: 'replaced' })
    const zombie = await runUntilItStores(job_id!)
    const { job_id: newer } = await bench.add('The new content.', { externalId: 'replaced' })
    await runJob(bench.parts(), newer!, never)
    expect(await bench.service.get(bench.scope, document_id)).to.include({ status: 'ready', revision: 2 })
    zombie.release()
    await zombie.ended
    expect(await bench.points(document_id)).to.equal(1)
    const job = await bench.database<JobRow>('jobs').withSchema('selfrag').where({ id: job_id! }).first()
    expect(job).to.include({ status: 'cancelled' })
  })

  it('does no harm when another worker has finished the same job', async () => {
    const { document_id, job_id } = await bench.add('Done twice. '.repeat(40))
    const zombie = await runUntilItStores(job_id!)
    await runJob(bench.parts(), job_id!, never)
    await bench.until(document_id, 'ready')
    zombie.release()
    await zombie.ended.catch(() => undefined)
    const chunks = await bench.rows('chunks', { document_id })
    expect(chunks).not.to.be.empty
    expect(await bench.points(document_id)).to.equal(chunks.length)
    expect(await bench.service.status(bench.scope, document_id)).to.have.nested.property('job.status', 'succeeded')
  })
})
