import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { type TestApi, type TestTenant, ok, startApi, untilReady } from '../support/api.ts'
import type { Json } from '../support/api-client.ts'
import { orSkip } from '../support/missing-part.ts'

/** Characters outside the basic plane before everything else: offsets must not move by them. */
const opening = '🐟🐠 The handbook of the aquarium, for those who feed the animals and clean the tanks.'
const care = [
  'Sea horses are fed three times a day with frozen shrimps, which are thawed in fresh water first.',
  'They hold on to plants with their tails, so a tank for them needs plants or something else to hold.',
  'The water of their tank is changed every second Tuesday, a quarter of it at a time, never more.',
]
const manual = [opening, ...care, ...care.map(line => line.replaceAll('S', 's').toUpperCase())].join('\n\n')

describe('retrievers over HTTP', () => {
  let api: TestApi
  let tenant: TestTenant
  let aquarium: string
  let plain: string

  before(async function () {
    this.timeout(180_000)
    api = await orSkip(this, startApi({ embedding: 'local' }))
    tenant = await api.tenant()
    const settings = { name: 'aquarium', chunking: { chunker: 'parent_child', chunk_size: 400, chunk_overlap: 40 } }
    aquarium = ok(await tenant.client.post('/v1/knowledge-bases', settings)).id
    plain = await tenant.knowledgeBase('plain')
    await add(aquarium, { title: 'Aquarium', content: manual })
    await add(plain, { title: 'Sea', content: 'Sea horses live in the sea. The part AQ-77/x filters their water.' })
  })

  const ask = async (body: Record<string, unknown>) =>
    ok(await tenant.client.post('/v1/retrieve', { include_trace: true, ...body }))

  async function add(knowledgeBase: string, document: Record<string, unknown>): Promise<void> {
    const { document_id } = ok(await tenant.client.post(`/v1/knowledge-bases/${knowledgeBase}/documents`, document))
    await untilReady(tenant.client, document_id)
  }

  it('parent_document gives each parent once, as the exact text of the document', async () => {
    const query = { query: 'How are sea horses fed?', knowledge_base_ids: [aquarium], top_k: 10 }
    const { results, model, trace } = await ask({ ...query, retriever: 'parent_document' })
    expect(model.retriever).to.equal('parent_document')
    for (const { text, passage } of results as Json[]) expect(text).to.equal(manual.slice(passage.start, passage.end))
    const spans = results.map(({ passage }: Json) => `${passage.start}-${passage.end}`)
    expect(new Set(spans).size).to.equal(spans.length)
    expect(results[0].text).to.contain(care[0])
    expect(trace.passages).to.deep.include({ widened: results.length, outdated: 0 })
    expect(trace.passages.children).to.be.greaterThan(results.length)
    const { results: children } = await ask({ ...query, retriever: 'hybrid' })
    expect(children[0].passage).to.equal(null)
    expect(results[0]).to.deep.include({ chunk_id: children[0].chunk_id, score: children[0].score })
    expect(results[0].passage.chunk_ids[0]).to.equal(children[0].chunk_id)
  })

  it('auto chooses by what the knowledge base holds, and says why', async () => {
    const chosen = async (knowledgeBase: string, query: string) => {
      const { model, trace } = await ask({ query, knowledge_base_ids: [knowledgeBase] })
      expect(model.requested_retriever).to.equal('auto')
      expect(trace.auto.reason).to.be.a('string')
      return model.retriever
    }
    expect(await chosen(aquarium, 'How are sea horses fed?')).to.equal('parent_document')
    expect(await chosen(plain, 'Where do sea horses live?')).to.equal('hybrid')
    expect(await chosen(plain, 'AQ-77/x')).to.equal('bm25')
    expect(await chosen(plain, 'QQ_11/z')).to.equal('hybrid')
  })

  it('ensemble and fusion take the members, method and weights of the request', async () => {
    const query = { query: 'Where do sea horses live?', knowledge_base_ids: [aquarium, plain], top_k: 10 }
    const ensemble = await ask({ ...query, retriever: 'ensemble', fusion: { weights: { dense: 3 } } })
    expect(ensemble.trace).to.deep.include({ fusion: 'rrf', weights: { dense: 0.75, bm25: 0.25 } })
    const fusion = await ask({ ...query, retriever: 'fusion', fusion: { method: 'min_max' } })
    expect(fusion.trace.members).to.deep.equal(['dense', 'bm25', 'hybrid'])
    expect(Object.keys(fusion.trace.legs)).to.deep.equal(['dense', 'bm25'])
    for (const { results } of [ensemble, fusion]) expect(results[0].text).to.contain('live in the sea')
    const only = await ask({ ...query, retriever: 'ensemble', fusion: { retrievers: ['bm25'] } })
    expect(only.model.retriever).to.equal('bm25')
    const hybrid = await ask({ ...query, retriever: 'hybrid', fusion: { method: 'rrf' } })
    expect(hybrid.trace.fusion).to.equal('rrf')
  })

  it('refuses weights that would have no effect', async () => {
    const body = { query: 'a', fusion: { method: 'standard_score', weights: { dense: 2 } } }
    const answer = await tenant.client.post('/v1/retrieve', body)
    expect([answer.status, answer.body.code]).to.deep.equal([400, 'VALIDATION_ERROR'])
    expect(answer.body.detail).to.match(/fusion\.weights.*standard_score/)
  })
})
