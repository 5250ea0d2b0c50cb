import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import type { ApiError } from '../../api/contract/error-codes.ts'
import type { AcceptedDocument } from '../../api/services/documents.ts'
import { inTenant, TenantScope } from '../../api/stores/postgres/tenant-scope.ts'
import { IngestionBench, provision, realStores, request } from '../support/ingestion.ts'
import { orSkip } from '../support/missing-part.ts'
import { rejection } from './ingestion.ts'

const NOBODY = '00000000-0000-4000-8000-000000000000'

describe('documents: intake', function () {
  this.timeout(60_000)
  let bench: IngestionBench

  before(async function () {
    bench = await IngestionBench.open(await orSkip(this, realStores()))
  })
  after(() => bench?.close())

  const create = (content: string, key?: string) =>
    bench.service.createFromText(
      bench.scope,
      bench.knowledgeBaseId,
      { content },
      request,
      key === undefined ? {} : { idempotencyKey: key },
    )

  describe('Idempotency-Key', () => {
    it('gives a repeated request the first answer', async () => {
      const first = await create('Sent twice.', 'key-1')
      expect(await create('Sent twice.', 'key-1')).to.deep.equal(first)
      expect(first.duplicate).to.equal(false)
    })

    it('makes one document of twenty requests at the same time', async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => create('Sent twenty times.', 'key-20')))
      for (const answer of answers) expect(answer).to.deep.equal(answers[0])
      const rows = await bench.rows('documents', { id: answers[0]!.document_id })
      expect(rows).to.have.length(1)
    })

    it('refuses the key with another body', async () => {
      await create('The first body.', 'key-2')
      await rejection(create('Another body.', 'key-2'), 'CONFLICT')
    })

    it('leaves the key free when the request failed', async () => {
      await rejection(create('   ', 'key-3'), 'VALIDATION_ERROR')
      expect((await create('Now with text.', 'key-3')).status).to.equal('queued')
    })

    it('forgets a key after a day', async () => {
      await create('Yesterday.', 'key-4')
      await inTenant(bench.database, bench.scope, ({ sql }) =>
        sql('idempotency_keys')
          .where({ key: 'key-4' })
          .update({ created_at: sql.raw(`now() - interval '25 hours'`) }),
      )
      expect((await create('Today.', 'key-4')).duplicate).to.equal(false)
    })

    it('refuses a key that is none', async () => {
      await rejection(create('Whatever.', 'with space'), 'VALIDATION_ERROR')
      await rejection(create('Whatever.', ''), 'VALIDATION_ERROR')
    })
  })

  it('makes one document of the same content sent twenty times at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => create('Everybody sends this.')))
    expect(new Set(answers.map(answer => answer.document_id)).size).to.equal(1)
    expect(answers.filter(answer => !answer.duplicate)).to.have.length(1)
    expect(await bench.database('jobs').withSchema('selfrag').where({ document_id: answers[0]!.document_id })).to.have.length(1) // prettier-ignore
  })

  it('gives each document of a batch an outcome of its own', async () => {
    const { items, accepted, rejected } = await bench.service.createBatch(
      bench.scope,
      bench.knowledgeBaseId,
      [
        { content: 'Batch one.', externalId: 'b1' },
        { content: ' ' },
        { content: 'Batch one.', externalId: 'b2' },
        { content: 'Batch two.', metadata: { bad: 'a\0b' } },
        { content: 'Batch one, changed.', externalId: 'b1' },
      ],
      request,
    )
    expect({ accepted, rejected }).to.deep.equal({ accepted: 3, rejected: 2 })
    const [one, blank, same, bad, changed] = items
    expect(blank).to.deep.include({ index: 1, external_id: null })
    expect(blank).to.have.nested.property('error.code', 'VALIDATION_ERROR')
    expect(bad).to.have.nested.property('error.code', 'VALIDATION_ERROR')
    const id = (one as AcceptedDocument).document_id
    expect(same).to.include({ document_id: id, duplicate: true })
    expect(changed).to.include({ document_id: id, duplicate: false })
    const [row] = await bench.rows<{ revision: number }>('documents', { id })
    expect(row?.revision).to.equal(2)
  })

  it('is found by the id that the application has for it', async () => {
    const { document_id: id } = await bench.service.createFromText(bench.scope, bench.knowledgeBaseId, { content: 'Known as x-1.', externalId: 'x-1' }, request) // prettier-ignore
    const known = async (external_id: string) => {
      const found = await bench.service.list(
        bench.scope,
        bench.knowledgeBaseId,
        { limit: 9, offset: 0 },
        { external_id },
      )
      return [found.total, found.items.map(document => document.id)]
    }
    expect(await known('x-1')).to.deep.equal([1, [id]])
    expect(await known('x-2')).to.deep.equal([0, []])
    await bench.service.remove(bench.scope, id, request)
    expect(await known('x-1'), 'deleted').to.deep.equal([0, []])
  })

  it('refuses an empty batch and one of 51', async () => {
    const batch = (length: number) =>
      bench.service.createBatch(
        bench.scope,
        bench.knowledgeBaseId,
        Array.from({ length }, (_, index) => ({ content: `Number ${index}.` })),
        request,
      )
    await rejection(batch(0), 'VALIDATION_ERROR')
    await rejection(batch(51), 'VALIDATION_ERROR')
    expect((await batch(50)).accepted).to.equal(50)
  })

  it('refuses files of formats that nothing reads, with 415', async () => {
    const bytes = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex')
    const file = { bytes, filename: 'report.pdf', mediaType: 'application/pdf' }
    const error = (await bench.service
      .createFromFile(bench.scope, bench.knowledgeBaseId, file, request)
      .catch((thrown: unknown) => thrown)) as ApiError
    expect(error).to.include({ code: 'VALIDATION_ERROR', status: 415 })
  })

  describe('what is not in the scope', () => {
    let stranger: { scope: TenantScope; knowledgeBaseId: string }
    let foreign: AcceptedDocument

    before(async () => {
      stranger = await provision(bench.stores, bench.database, bench.vectors.inner, 'stranger')
      foreign = await bench.service.createFromText(
        stranger.scope,
        stranger.knowledgeBaseId,
        { content: 'Not yours.' },
        request,
      )
    })

    for (const [who, scope] of [
      ['another tenant', () => bench.scope],
      [
        'a key of other knowledge bases',
        () =>
          new TenantScope(
            { id: stranger.scope.tenantId, slug: stranger.scope.slug, collection: stranger.scope.collection },
            [NOBODY],
          ),
      ],
    ] as const) {
      it(`does not exist for ${who}`, async () => {
        const { service } = bench
        const id = foreign.document_id
        const page = { limit: 10, offset: 0 }
        await rejection(service.get(scope(), id), 'DOC_NOT_FOUND')
        await rejection(service.status(scope(), id), 'DOC_NOT_FOUND')
        await rejection(service.chunks(scope(), id, page), 'DOC_NOT_FOUND')
        await rejection(service.remove(scope(), id, request), 'DOC_NOT_FOUND')
        await rejection(service.reprocess(scope(), id, request), 'DOC_NOT_FOUND')
        const base = stranger.knowledgeBaseId
        await rejection(service.list(scope(), base, page), 'KB_NOT_FOUND')
        await rejection(service.createFromText(scope(), base, { content: 'x' }, request), 'KB_NOT_FOUND')
        await rejection(service.createBatch(scope(), base, [{ content: 'x' }], request), 'KB_NOT_FOUND')
        expect(await service.get(stranger.scope, id)).to.include({ id, status: 'queued' })
      })
    }

    it('says the same of ids that cannot be any', async () => {
      for (const id of [NOBODY, 'no-uuid', "'; DROP TABLE documents; --"]) {
        await rejection(bench.service.get(bench.scope, id), 'DOC_NOT_FOUND')
        await rejection(bench.service.list(bench.scope, id, { limit: 1, offset: 0 }), 'KB_NOT_FOUND')
      }
    })

    it('does not exist once its knowledge base is going', async () => {
      const { scope, knowledgeBaseId } = await provision(bench.stores, bench.database, bench.vectors.inner, 'leaving')
      const { document_id } = await bench.service.createFromText(scope, knowledgeBaseId, { content: 'Bye.' }, request)
      await inTenant(bench.database, scope, ({ sql }) => sql('knowledge_bases').update({ deleted_at: sql.fn.now() }))
      await rejection(bench.service.get(scope, document_id), 'DOC_NOT_FOUND')
      await rejection(bench.service.createFromText(scope, knowledgeBaseId, { content: 'Hi.' }, request), 'KB_NOT_FOUND')
    })
  })
})

describe('documents: quotas', function () {
  this.timeout(60_000)
  let bench: IngestionBench

  before(async function () {
    bench = await IngestionBench.open(await orSkip(this, realStores()), { documents: 5, storageMb: 1 })
  })
  after(() => bench?.close())

  it('lets five of twenty requests at the same time in when five have room', async () => {
    const answers = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => bench.add(`Number ${index} wants in.`)),
    )
    const refused = answers.filter(answer => answer.status === 'rejected')
    expect(refused).to.have.length(15)
    for (const { reason } of refused) expect(reason).to.include({ code: 'QUOTA_EXCEEDED' })
    expect(await bench.rows('documents')).to.have.length(5)
    expect(await bench.rows('document_sources')).to.have.length(5)
  })

  it('lets three of twenty requests at the same time in when three have room by their bytes', async () => {
    const narrow = await IngestionBench.open(await realStores(), { documents: -1, storageMb: 1 })
    const size = 300 * 1024
    const answers = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => narrow.add(`${index} `.padEnd(size, 'x'))),
    )
    for (const answer of answers)
      if (answer.status === 'rejected') expect(answer.reason).to.include({ code: 'QUOTA_EXCEEDED' })
    const sizes = (await narrow.rows<{ size_bytes: string }>('documents')).map(row => Number(row.size_bytes))
    await narrow.close()
    expect(sizes).to.deep.equal([size, size, size])
  })

  it('counts neither duplicates nor documents that are being deleted', async () => {
    const { items } = await bench.service.list(bench.scope, bench.knowledgeBaseId, { limit: 9, offset: 0 })
    const [first] = await bench.rows<{ bytes: Buffer }>('document_sources', { document_id: items[0]!.id })
    expect(await bench.add(first!.bytes.toString())).to.include({ duplicate: true })
    await bench.service.remove(bench.scope, items[0]!.id, request)
    expect((await bench.add('There is room again.')).duplicate).to.equal(false)
  })

  it('counts bytes, also those that a revision adds', async () => {
    const { items } = await bench.service.list(bench.scope, bench.knowledgeBaseId, { limit: 9, offset: 0 })
    await bench.service.remove(bench.scope, items[0]!.id, request)
    await rejection(bench.add('x'.repeat(1024 * 1024)), 'QUOTA_EXCEEDED')
    const { document_id } = await bench.add('small', { externalId: 'grows' })
    await rejection(bench.add('y'.repeat(1024 * 1024), { externalId: 'grows' }), 'QUOTA_EXCEEDED')
    expect((await bench.service.get(bench.scope, document_id)).revision).to.equal(1)
    await bench.add('z'.repeat(512 * 1024), { externalId: 'grows' })
    expect((await bench.service.get(bench.scope, document_id)).revision).to.equal(2)
  })
})
