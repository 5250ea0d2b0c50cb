import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { type TestApi, type TestTenant, ok, startApi, untilReady } from '../support/api.ts'
import type { Json } from '../support/api-client.ts'
import { orSkip } from '../support/missing-part.ts'
import { type ModelServer, startModelServer } from '../support/model-server.ts'
import { onTeardown } from '../support/teardown.ts'

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
  let models: ModelServer

  before(async function () {
    this.timeout(180_000)
    models = await startModelServer()
    onTeardown(() => models.close())
    const environment = {
      LLM_PROVIDER: 'openai',
      LLM_MODEL: 'scripted',
      OPENAI_BASE_URL: models.openAiUrl,
      OPENAI_API_KEY: 'sk-of-the-test',
    }
    api = await orSkip(this, startApi({ embedding: 'local', environment }))
    tenant = await api.tenant()
    const settings = { name: 'aquarium', chunking: { chunker: 'parent_child', chunk_size: 400, chunk_overlap: 40 } }
    aquarium = ok(await tenant.client.post('/v1/knowledge-bases', settings)).id
    plain = await tenant.knowledgeBase('plain')
    await add(aquarium, { title: 'Aquarium', content: manual })
    await add(plain, {
      title: 'Sea',
      content: 'Sea horses live in the sea. The part AQ-77/x filters their water.',
      metadata: { year: 2024 },
    })
    await add(plain, { title: 'Old', content: 'Sea horses live in aquariums, it was said.', metadata: { year: 1990 } })
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

  it('finds by meaning what stands at the end of a long Chinese chunk', async () => {
    const chinese = await tenant.knowledgeBase('chinese')
    const filler = '我们把文档切成小块，然后建立索引，这样就可以检索。'.repeat(60)
    const last = 'The very last words are about sea horses and their tails.'
    // One chunk by its characters, 990 tokens by the model's, which reads 510.
    await add(chinese, { title: '索引', content: `${filler.slice(0, 940)}${last}` })
    const { results } = await ask({ query: last, knowledge_base_ids: [chinese], retriever: 'dense', top_k: 1 })
    expect(results[0].text.endsWith(last)).to.equal(true)
    expect(results[0].text.length).to.be.at.most(500)
    expect(results[0].score).to.be.greaterThan(0.7)
  })

  /** What the LLM answers; a function is given the instructions and the input. */
  const says = (answer: unknown) =>
    models.reset({ reply: () => (typeof answer === 'string' ? answer : JSON.stringify(answer)) })
  const about = { query: 'Where do sea horses live?', top_k: 5 }

  it('hyde looks for a passage that the LLM writes, and shows it in the trace only', async () => {
    says({ passage: 'Sea horses dwell in the ocean.' })
    const { results, model, trace } = await ask({ ...about, knowledge_base_ids: [plain], retriever: 'hyde' })
    expect(model).to.deep.include({ retriever: 'hyde', requested_retriever: 'hyde' })
    expect(trace.hypothetical).to.equal('Sea horses dwell in the ocean.')
    expect(Object.keys(trace.legs)).to.deep.equal(['hypothetical', 'dense', 'bm25'])
    expect(results[0].text).to.contain('live in the sea')
    expect(models.seen).to.have.length(1)
  })

  it('multi_query asks in other words, all in one search', async () => {
    says({ queries: ['habitat of the seahorse', 'hippocampus'] })
    const { model, trace, results } = await ask({ ...about, knowledge_base_ids: [plain], retriever: 'multi_query' })
    expect(model.retriever).to.equal('multi_query')
    expect(trace.queries).to.deep.equal([about.query, 'habitat of the seahorse', 'hippocampus'])
    expect(Object.keys(trace.legs)).to.have.length(6)
    expect(results[0].text).to.contain('Sea horses live')
  })

  it('self_query narrows by the filter that the LLM reads out of the question', async () => {
    says({ query: 'sea horses', filter: { year: { lt: 2000 } } })
    const body = {
      query: 'What was said of sea horses before 2000?',
      knowledge_base_ids: [plain],
      retriever: 'self_query',
    }
    const { results, model, trace } = await ask(body)
    expect(model.retriever).to.equal('self_query')
    expect(results.map(({ metadata }: Json) => metadata.year)).to.deep.equal([1990])
    expect(trace.self_query).to.deep.include({ query: 'sea horses', filter: { year: { lt: 2000 } } })
    expect(JSON.stringify(models.seen[0]!.body)).to.contain('year (number), such as')
    const inside = await ask({ ...body, metadata_filter: { year: { gt: 1995 } } })
    expect(inside.results.map(({ metadata }: Json) => metadata.year)).to.deep.equal([2024])
    expect(inside.trace.fallback.reason).to.contain('nothing passes')
  })

  it('self_query refuses fields that are not there, asks once more, and then filters nothing', async () => {
    says({ query: 'sea horses', filter: { tenant_id: 'another' } })
    const { results, trace } = await ask({ ...about, knowledge_base_ids: [plain], retriever: 'self_query' })
    expect(models.seen).to.have.length(2)
    expect(results).to.have.length(2)
    expect(trace.fallback).to.deep.include({ from: 'self_query', to: 'hybrid' })
    expect(trace.fallback.reason).to.match(/tenant_id.*not one of those listed/)
  })

  it('transforms the question: rewrite, decomposition, hyde, routing', async () => {
    const transformed = async (name: string, answer: unknown) => {
      says(answer)
      return ask({ ...about, query_transform: name, retriever: 'hybrid' })
    }
    const rewritten = await transformed('rewrite', { query: 'AQ-77/x' })
    expect(rewritten.results[0].text).to.contain('AQ-77/x')
    expect(rewritten.trace.query_transform).to.deep.include({ name: 'rewrite', queries: ['AQ-77/x'] })
    const split = await transformed('decomposition', { questions: ['What are sea horses fed?', 'AQ-77/x'] })
    expect(split.trace.query_transform.queries).to.have.length(3)
    expect(split.trace.each).to.have.length(3)
    const texts = split.results.map(({ text }: Json) => text).join('\n')
    expect(texts).to.contain('AQ-77/x').and.to.contain('shrimps')
    const hypothetical = await transformed('hyde', { passage: 'They dwell in the ocean.' })
    expect(hypothetical.trace.query_transform).to.deep.include({ hypothetical: 'They dwell in the ocean.' })
    const routed = await transformed('routing', { knowledge_bases: [2] })
    expect(routed.trace.query_transform.knowledge_base_ids).to.have.length(1)
    expect(new Set(routed.results.map((result: Json) => result.knowledge_base_id))).to.deep.equal(
      new Set(routed.trace.query_transform.knowledge_base_ids),
    )
  })

  it('searches as asked when the LLM fails or rambles, and says why', async () => {
    says('I would rather not.')
    const rambled = await ask({ ...about, query_transform: 'rewrite', retriever: 'hyde', knowledge_base_ids: [plain] })
    expect(rambled.trace.query_transform.skipped).to.contain('no usable answer twice')
    expect(rambled.trace.fallback).to.deep.include({ from: 'hyde', to: 'hybrid' })
    expect(rambled.results).to.have.length(2)
    says('never asked')
    models.misbehave({ kind: 'status', status: 401 })
    const refused = await ask({ ...about, retriever: 'multi_query', knowledge_base_ids: [plain] })
    expect(refused.model.retriever).to.equal('hybrid')
    expect(refused.trace.fallback.reason).to.be.a('string').and.not.contain('sk-of-the-test')
  })

  it('reranks by the LLM, or without any model, and tells the relevance', async () => {
    says({ judgements: [{ passage: 2, relevance: 9 }, { passage: 1, relevance: 2 }] }) // prettier-ignore
    const plainly = await ask({ ...about, knowledge_base_ids: [plain], retriever: 'hybrid' })
    const judged = await ask({ ...about, knowledge_base_ids: [plain], retriever: 'hybrid', rerank: true })
    expect(judged.trace.rerank).to.deep.include({ mode: 'llm', model: 'scripted' })
    expect(judged.results.map(({ chunk_id }: Json) => chunk_id)).to.deep.equal(plainly.results.map(({ chunk_id }: Json) => chunk_id).toReversed()) // prettier-ignore
    expect(judged.results[0]).to.deep.include({ score: 0.9 })
    expect(judged.results[0].scores.rerank).to.equal(0.9)
    const diverse = await ask({ ...about, retriever: 'dense', rerank: 'mmr', score_threshold: 0 })
    expect(diverse.trace.rerank).to.deep.include({ mode: 'mmr', compared: 'embeddings' })
    const missing = await ask({ ...about, rerank: 'model' })
    expect(missing.trace.rerank).to.deep.include({ mode: 'none', asked: 'model' })
  })

  it('context_window gives neighbours too, joined, as the exact text of the document', async () => {
    const body = {
      query: 'tails that hold on to plants',
      knowledge_base_ids: [aquarium],
      retriever: 'hybrid',
      top_k: 3,
    }
    const [narrow] = (await ask(body)).results
    const { results, trace } = await ask({ ...body, context_window: 1 })
    expect(results[0].chunk_id).to.equal(narrow.chunk_id)
    expect(results[0].text).to.contain(narrow.text).and.not.to.equal(narrow.text)
    for (const { text, passage } of results as Json[]) expect(text).to.equal(manual.slice(passage.start, passage.end))
    const spans = results.map(({ passage }: Json) => passage).sort((a: Json, b: Json) => a.start - b.start)
    spans.slice(1).forEach((span: Json, i: number) => expect(span.start).to.be.at.least(spans[i].end))
    expect(trace.context_window).to.deep.include({ reach: 1, outdated: 0 })
  })

  it('takes reranking, transform and window from the knowledge base', async () => {
    const settings = { rerank: 'mmr', query_transform: 'rewrite', context_window: 1 }
    const made = ok(await tenant.client.post('/v1/knowledge-bases', { name: 'settled', retrieval: settings }))
    expect(made.retrieval).to.deep.include(settings)
    await add(made.id, { title: 'Crabs', content: 'Crabs walk sideways.' })
    says({ query: 'how do crabs walk' })
    const { trace } = await ask({ query: 'crabs??', knowledge_base_ids: [made.id] })
    expect(trace.query_transform.queries).to.deep.equal(['how do crabs walk'])
    expect(trace).to.have.property('context_window')
    expect(trace.rerank.mode).to.equal('mmr')
    const plainly = await ask({ query: 'crabs', knowledge_base_ids: [made.id], rerank: false, query_transform: 'none', context_window: 0 }) // prettier-ignore
    expect(plainly.trace).to.not.have.any.keys('rerank', 'query_transform', 'context_window')
  })

  it('refuses weights that would have no effect', async () => {
    const body = { query: 'a', fusion: { method: 'standard_score', weights: { dense: 2 } } }
    const answer = await tenant.client.post('/v1/retrieve', body)
    expect([answer.status, answer.body.code]).to.deep.equal([400, 'VALIDATION_ERROR'])
    expect(answer.body.detail).to.match(/fusion\.weights.*standard_score/)
  })

  it('refuses members for a retriever that has none', async () => {
    const body = { query: 'a', retriever: 'hybrid', fusion: { retrievers: ['dense'] } }
    const answer = await tenant.client.post('/v1/retrieve', body)
    expect([answer.status, answer.body.code]).to.deep.equal([400, 'VALIDATION_ERROR'])
    expect(answer.body.detail).to.match(/fusion\.retrievers.*hybrid.*fusion or ensemble/)
  })
})
