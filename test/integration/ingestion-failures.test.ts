import { expect } from 'chai'
import { after, afterEach, before, describe, it } from 'mocha'
import { pino } from 'pino'
import type { ChunkDraftRow, DocumentRow } from '../../api/stores/postgres/rows.ts'
import { inTenant } from '../../api/stores/postgres/tenant-scope.ts'
import { VectorStoreUnavailable } from '../../api/stores/vectors/vector-store.ts'
import { eventually } from '../support/eventually.ts'
import { IngestionBench, realStores, request } from '../support/ingestion.ts'
import { orSkip } from '../support/missing-part.ts'

const down = () => new VectorStoreUnavailable('the store is down for the test')
const text = (about: string) => `All about ${about}. `.repeat(40)

describe('ingestion: failures', function () {
  this.timeout(60_000)
  let bench: IngestionBench

  before(async function () {
    bench = await IngestionBench.open(await orSkip(this, realStores()))
    await bench.startWorker()
  })
  after(() => bench?.close())
  afterEach(() => bench.models.reset())

  const embeddingCalls = () => bench.models.seen.filter(({ path }) => path === '/v1/embeddings').length

  it('waits for an embedder that is overloaded, says so, and goes on', async () => {
    bench.models.misbehave({ kind: 'status', status: 429 })
    const { document_id } = await bench.add(text('429'))
    const waiting = await eventually(async () => {
      const { job } = await bench.service.status(bench.scope, document_id)
      if (!job?.error) throw new Error('not failed yet')
      return job
    })
    expect(waiting).to.deep.include({ status: 'queued', stage: 'embed' })
    expect(waiting.error).to.include({ code: 'EMBEDDER_UNAVAILABLE', transient: true })
    expect(waiting.stages[3]?.detail).to.match(/^waiting: /)
    expect(waiting.stages[1]?.status).to.equal('done')
    const { job } = await bench.until(document_id, 'ready')
    expect(job).to.deep.include({ status: 'succeeded', error: null, attempts: 2 })
    expect(job?.stages.map(stage => stage.attempts)).to.deep.equal([1, 1, 1, 2, 1])
  })

  it('embeds nothing again after the vector store failed', async () => {
    bench.vectors.next('upsert', down)
    const { document_id } = await bench.add(text('a store that fails once'))
    const { job } = await bench.until(document_id, 'ready')
    expect(job?.stages.map(stage => stage.attempts)).to.deep.equal([1, 1, 1, 1, 2])
    expect(embeddingCalls()).to.equal(1)
  })

  it('writes nothing twice when the store failed after it had stored', async () => {
    bench.vectors.next('upsert', down, 'after')
    const { document_id } = await bench.add(text('an answer that got lost'))
    await bench.until(document_id, 'ready')
    const chunks = await bench.rows('chunks', { document_id })
    expect(await bench.points(document_id)).to.equal(chunks.length)
    expect(embeddingCalls()).to.equal(1)
  })

  it('embeds a large document page by page, and goes on at the page that failed', async () => {
    const large = Array.from({ length: 400 }, (_, index) => `Paragraph number ${index} has words of its own.`)
    const long = large.map(paragraph => paragraph.repeat(4)).join('\n\n')
    // 128 chunks a page, 64 texts a call: the third call belongs to the second page.
    let calls = 0
    const { embedder } = bench.embedding
    const counting = {
      ...bench.embedding,
      embedder: {
        ...embedder,
        provider: embedder.provider,
        model: embedder.model,
        dimension: embedder.dimension,
        maxInputCharacters: embedder.maxInputCharacters,
        inputTokens: embedder.inputTokens,
        close: async () => {},
        embed: async (...args: Parameters<typeof embedder.embed>) => {
          calls += 1
          if (calls === 2) bench.models.misbehave({ kind: 'status', status: 503 })
          return embedder.embed(...args)
        },
      },
    }
    const own = await IngestionBench.open(await realStores())
    try {
      await own.startWorker({ embedding: counting })
      const { document_id } = await own.add(long)
      const { job } = await own.until(document_id, 'ready', 30_000)
      const { chunk_count } = await own.service.get(own.scope, document_id)
      expect(chunk_count).to.be.above(256)
      // Every page once, and the one that failed again.
      expect(calls).to.equal(Math.ceil(chunk_count / 128) + 1)
      expect(job?.stages[3]).to.include({ attempts: 2, detail: `${chunk_count} vectors` })
      expect(await own.points(document_id)).to.equal(chunk_count)
    } finally {
      await own.close()
    }
  })

  it('fails a file that is not what it says, with a reason', async () => {
    const bytes = Buffer.from([0x41, 0xff, 0xfe, 0x42])
    const file = { bytes, filename: 'broken.txt', mediaType: 'text/plain' }
    const { document_id } = await bench.service.createFromFile(bench.scope, bench.knowledgeBaseId, file, request)
    const failed = await bench.until(document_id, 'failed')
    expect(failed.error).to.include({ code: 'UNREADABLE_DOCUMENT', stage: 'parse' })
    expect(failed.job).to.deep.include({ status: 'failed', stage: 'parse', attempts: 1 })
    expect(failed.job?.stages[0]).to.include({ status: 'failed', detail: failed.error?.message })
  })

  it('does not call a broken file a fault of the service in the log', async () => {
    const lines: string[] = []
    const own = await IngestionBench.open(await realStores())
    try {
      await own.startWorker({ log: pino({}, { write: line => void lines.push(line) }) })
      const { document_id } = await own.add('<html><body><script>only()</script></body></html>')
      await own.until(document_id, 'failed')
      const about = lines.map(line => JSON.parse(line)).filter(line => line.document_id === document_id)
      expect(about.map(({ level, code, reason, err }) => ({ level, code, reason, err }))).to.deep.equal([
        { level: pino.levels.values['info'], code: 'UNREADABLE_DOCUMENT', reason: 'the document is empty: it has no text in it', err: undefined }, // prettier-ignore
      ])
    } finally {
      await own.close()
    }
  })

  it('fails with both numbers when vectors have another dimension, and stores nothing', async () => {
    bench.models.misbehave({ kind: 'dimension', dimension: 24 })
    const { document_id } = await bench.add(text('dimensions'))
    const { error } = await bench.until(document_id, 'failed')
    expect(error).to.include({ code: 'EMBEDDING_DIMENSION', stage: 'embed' })
    expect(error?.message).to.include('16').and.to.include('24')
    expect(await bench.points(document_id)).to.equal(0)
    expect(await bench.rows('chunks', { document_id })).to.be.empty
  })

  it('goes on from the failed stage when it is asked to', async () => {
    bench.models.misbehave({ kind: 'status', status: 401 })
    const first = await bench.add(text('a key that was wrong'))
    const { error } = await bench.until(first.document_id, 'failed')
    expect(error).to.include({ code: 'EMBEDDING_FAILED', stage: 'embed' })
    const drafts = await bench.rows<ChunkDraftRow>('chunk_drafts', { document_id: first.document_id })
    expect(drafts).not.to.be.empty
    const again = await bench.service.reprocess(bench.scope, first.document_id, request)
    expect(again).to.include({ document_id: first.document_id, status: 'queued' })
    expect(again.job_id).not.to.equal(first.job_id)
    const { job } = await bench.until(first.document_id, 'ready')
    expect(job?.stages.map(({ name, attempts }) => [name, attempts])).to.deep.equal([
      ['parse', 1],
      ['chunk', 1],
      ['enrich', 1],
      ['embed', 1],
      ['store', 1],
    ])
    expect(job?.attempts).to.equal(1)
  })

  it('tries a failed document again when the same content comes in again', async () => {
    bench.models.misbehave({ kind: 'status', status: 401 })
    const content = text('the second try')
    const first = await bench.add(content)
    await bench.until(first.document_id, 'failed')
    const second = await bench.add(content)
    expect(second).to.include({ document_id: first.document_id, duplicate: true, status: 'queued' })
    await bench.until(first.document_id, 'ready')
  })

  it('makes a ready document again from its source', async () => {
    const { document_id } = await bench.add(text('reprocessing'))
    await bench.until(document_id, 'ready')
    const before = await bench.rows<{ id: string }>('chunks', { document_id })
    const { job_id } = await bench.service.reprocess(bench.scope, document_id, request)
    const { job } = await bench.until(document_id, 'ready')
    expect(job?.id).to.equal(job_id)
    const ids = (await bench.rows<{ id: string }>('chunks', { document_id })).map(({ id }) => id)
    expect(ids.sort()).to.deep.equal(before.map(({ id }) => id).sort())
    expect(embeddingCalls()).to.equal(2)
  })

  it('leaves nothing of a document that is deleted while it is stored', async () => {
    let release: () => void = () => {}
    const reached = new Promise<void>(entered => {
      bench.vectors.next('upsert', () => {
        entered()
        return new Promise<void>(resolve => (release = resolve))
      })
    })
    const { document_id } = await bench.add(text('bad timing'))
    await reached
    await bench.service.remove(bench.scope, document_id, request)
    release()
    await eventually(async () => expect(await bench.rows('documents', { id: document_id })).to.be.empty)
    expect(await bench.points(document_id)).to.equal(0)
    expect(await bench.rows('chunks', { document_id })).to.be.empty
    expect(await bench.rows('chunk_drafts', { document_id })).to.be.empty
  })

  it('keeps the newest of two contents that overtake each other', async () => {
    let release: () => void = () => {}
    const reached = new Promise<void>(entered => {
      bench.vectors.next(
        'upsert',
        () => {
          entered()
          return new Promise<void>(resolve => (release = resolve))
        },
        'after',
      )
    })
    const { document_id } = await bench.add(text('version one'), { externalId: 'overtaken' })
    await reached
    await bench.add('Version two.', { externalId: 'overtaken' })
    release()
    await bench.until(document_id, 'ready')
    const [document] = await bench.rows<DocumentRow>('documents', { id: document_id })
    expect(document).to.include({ revision: 2, chunk_count: 1 })
    expect(await bench.points(document_id)).to.equal(1)
    expect((await bench.service.chunks(bench.scope, document_id, { limit: 9, offset: 0 })).items[0]?.text).to.equal(
      'Version two.',
    )
  })

  it('weights points once more when calibration has chosen another average meanwhile', async () => {
    await bench.until((await bench.add(text('the first of its knowledge base'))).document_id, 'ready')
    const double = () =>
      inTenant(bench.database, bench.scope, ({ sql }) =>
        sql('lexical_statistics').update({ weighted_with: sql.raw('weighted_with * 2') }),
      )
    bench.vectors.next('upsert', async () => void (await double()), 'after')
    const { document_id } = await bench.add(text('weighted twice'))
    const { job } = await bench.until(document_id, 'ready')
    expect(job).to.include({ status: 'succeeded', attempts: 1 })
    const [document] = await bench.rows<DocumentRow>('documents', { id: document_id })
    expect(await bench.points(document_id)).to.equal(document?.chunk_count)
  })

  it('deletes until it is done when the vector store is down', async () => {
    const { document_id } = await bench.add(text('deleting the hard way'))
    await bench.until(document_id, 'ready')
    bench.vectors.next('delete', down)
    bench.vectors.next('delete', down)
    await bench.service.remove(bench.scope, document_id, request)
    expect(await bench.service.get(bench.scope, document_id).catch((error: Error) => error.message)).to.match(/exist/)
    await eventually(async () => expect(await bench.rows('documents', { id: document_id })).to.be.empty)
    expect(await bench.points(document_id)).to.equal(0)
  })
})
