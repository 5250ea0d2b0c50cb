import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { type TestApi, type TestTenant, ok, startApi, untilReady } from '../support/api.ts'
import type { Json } from '../support/api-client.ts'
import { orSkip } from '../support/missing-part.ts'
import { type ModelServer, startModelServer } from '../support/model-server.ts'

const documents = [
  '# API keys\n\nKeys are secrets. API keys are valid for ninety days, and\nexpire after that. A key can be revoked at any time.',
  '# Backups\n\nA snapshot of the database is taken every night. Restoring it takes ten minutes.',
]

async function fill(api: TestApi): Promise<TestTenant> {
  const tenant = await api.tenant()
  const kb = await tenant.knowledgeBase()
  for (const content of documents) {
    const body = { content, media_type: 'text/markdown' }
    const { document_id } = ok(await tenant.client.post(`/v1/knowledge-bases/${kb}/documents`, body))
    await untilReady(tenant.client, document_id)
  }
  return tenant
}

/** What each citation points at, word for word. */
function quotes({ citations, sources }: Json): string[] {
  return (citations as Json[]).map(({ index, chunk_id, document_id, span }) => {
    const source = sources[index - 1]
    expect(source).to.deep.include({ index, chunk_id, document_id })
    return source.text.slice(span.start, span.end)
  })
}

describe('POST /v1/rag without an LLM', () => {
  let tenant: TestTenant
  before(async function () {
    this.timeout(120_000)
    tenant = await fill(await orSkip(this, startApi()))
  })
  const ask = (body: Record<string, unknown>) => tenant.client.post('/v1/rag', body)

  it('answers with sentences of the documents and cites them to the letter', async () => {
    const body = ok(await ask({ query: 'How long are API keys valid?' }))
    expect(body.status).to.equal('supported')
    expect(body.answer).to.match(/^API keys are valid for ninety days, and expire after that\. \[1\]/)
    expect(quotes(body)[0]).to.equal('API keys are valid for ninety days, and\nexpire after that.')
    expect(body.usage).to.deep.equal({ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 })
    // This API has no embedding model either: hybrid was asked for and says that BM25 answered.
    expect(body.model).to.deep.include({ llm: null, retriever: 'bm25', requested_retriever: 'hybrid', embedding: null })
  })

  it('says that it does not know', async () => {
    for (const query of ['What is the capital of Mongolia?', '???']) {
      const body = ok(await ask({ query }))
      expect(body).to.deep.include({ status: 'insufficient_evidence', citations: [] })
    }
  })

  it('says why nothing is searched by meaning', async () => {
    const { trace } = ok(await ask({ query: 'How long are API keys valid?', include_trace: true }))
    expect(trace.fallback).to.deep.include({ from: 'hybrid', to: 'bm25' })
    const dense = await ask({ query: 'How long are API keys valid?', retriever: 'dense' })
    expect([dense.status, dense.body.code]).to.deep.equal([409, 'KB_CONFIG_ERROR'])
    expect(dense.body.detail).to.contain('no embedding model is loaded')
  })

  it('refuses what it cannot do yet, and bad input', async () => {
    for (const [field, value] of Object.entries({ mode: 'self_rag', stream: true, top_k: 51, query: '', extra: 1 })) {
      const answer = await ask({ query: 'How long?', [field]: value })
      expect([answer.status, answer.body.code], field).to.deep.equal([400, 'VALIDATION_ERROR'])
      expect(answer.body.detail).to.contain(field)
    }
  })
})

describe('POST /v1/rag with an LLM', () => {
  let model: ModelServer
  let tenant: TestTenant
  before(async function () {
    this.timeout(120_000)
    model = await startModelServer()
    const environment = { LLM_PROVIDER: 'openai', LLM_MODEL: 'scripted', OPENAI_BASE_URL: model.openAiUrl, OPENAI_API_KEY: 'k' } // prettier-ignore
    tenant = await fill(await orSkip(this, startApi({ environment })))
  })
  after(() => model?.close())
  const ask = (query: string) => tenant.client.post('/v1/rag', { query })

  it('gives the model numbered sources, and checks what it cites', async () => {
    model.reset({ reply: () => 'They last ninety days [1]. The moon is made of cheese [9].' })
    const body = ok(await ask('How long are API keys valid?'))
    expect(body.answer).to.equal('They last ninety days [1]. The moon is made of cheese.')
    expect(body.status).to.equal('supported')
    expect(quotes(body)).to.deep.equal(['API keys are valid for ninety days, and\nexpire after that.'])
    expect(body.model.llm).to.deep.equal({ provider: 'openai', model: 'scripted' })
    expect(body.usage.total_tokens).to.equal(body.usage.prompt_tokens + body.usage.completion_tokens)
    expect(body.usage.prompt_tokens).to.be.greaterThan(0)
    const prompt = JSON.stringify(model.seen.at(-1)?.body)
    expect(prompt).to.contain('[1]').and.contain('ninety days').and.contain('How long are API keys valid?')
  })

  it('does not ask the model when there is nothing to answer from', async () => {
    model.reset({ reply: () => 'I make something up [1].' })
    const body = ok(await ask('xylophone'))
    expect(body).to.deep.include({ status: 'insufficient_evidence', citations: [], sources: [] })
    expect(model.seen).to.have.length(0)
  })

  it('believes the model that the sources do not answer', async () => {
    model.reset({ reply: () => 'INSUFFICIENT_EVIDENCE' })
    const body = ok(await ask('How are API keys printed?'))
    expect(body.status).to.equal('insufficient_evidence')
    expect(body.answer).to.not.contain('INSUFFICIENT')
  })

  it('names the provider when it fails', async () => {
    model.reset()
    model.misbehave(...Array.from({ length: 10 }, () => ({ kind: 'status' as const, status: 500 })))
    const answer = await ask('How long are API keys valid?')
    expect([answer.status, answer.body.code]).to.deep.equal([503, 'UPSTREAM_ERROR'])
    expect(answer.body.detail).to.contain('openai')
    model.reset()
  })
})
