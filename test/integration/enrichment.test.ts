import { expect } from 'chai'
import { after, afterEach, before, describe, it } from 'mocha'
import { defaultChunking } from '../../api/contract/chunking.ts'
import type { EnricherName } from '../../api/contract/enrichers.ts'
import { OpenAiLlm } from '../../api/providers/llms/openai.ts'
import { analyze } from '../../api/retrieval/bm25/analyzer.ts'
import type { ChunkRow } from '../../api/stores/postgres/rows.ts'
import { inTenant } from '../../api/stores/postgres/tenant-scope.ts'
import { eventually } from '../support/eventually.ts'
import { IngestionBench, realStores } from '../support/ingestion.ts'
import { orSkip } from '../support/missing-part.ts'

const text = (about: string) =>
  Array.from({ length: 24 }, (_, at) => `Paragraph ${at} of ${about} says what must not be exceeded.`).join('\n\n')

describe('enrichment', function () {
  this.timeout(60_000)
  let bench: IngestionBench

  before(async function () {
    bench = await IngestionBench.open(await orSkip(this, realStores()))
    const connection = { provider: 'openai', baseUrl: bench.models.openAiUrl, apiKey: 'test-key' } as const
    const retries = { attempts: 1, baseDelayMs: 1, longestDelayMs: 1 }
    const llm = new OpenAiLlm({ model: 'scripted', timeoutMs: 5_000, retries }, connection)
    const chunking = { ...defaultChunking, chunkSize: 200, chunkOverlap: 0 }
    await bench.startWorker({ chunking, llm: async (_, settings) => (settings['models'] ? null : llm) })
  })
  after(() => bench?.close())
  afterEach(async () => {
    bench.models.reset({ reply: says() })
    await set([])
  })

  /** What the knowledge base asks for from now on. */
  const set = (enrichers: readonly EnricherName[], settings: object = {}) =>
    inTenant(bench.database, bench.scope, ({ sql }) =>
      sql('knowledge_bases').update({ chunking: JSON.stringify({ enrichers }), settings: JSON.stringify(settings) }),
    )
  const chats = () => bench.models.seen.filter(({ path }) => path === '/v1/chat/completions')
  const says =
    (context = 'This is of the handbook of the pump Zephyr.') =>
    () =>
      JSON.stringify({ context, summary: 'A handbook of the compressor Boreas.' })
  const chunksOf = async (documentId: string) =>
    (await bench.rows<ChunkRow>('chunks', { document_id: documentId })).sort((a, b) => a.position - b.position)
  const has = ({ terms }: ChunkRow, word: string) => [...analyze(word).terms.keys()].every(term => terms.includes(term))

  it('puts what an LLM says of each chunk before what is searched, and leaves text and offsets alone', async () => {
    await set(['llm_context'])
    bench.models.reset({ reply: says() })
    const content = text('one that is enriched')
    const { document_id } = await bench.add(content, { title: 'Limits' })
    const { job } = await bench.until(document_id, 'ready')
    const chunks = await chunksOf(document_id)
    expect(job?.stages[2]).to.deep.include({ name: 'enrich', detail: `${chunks.length} chunks: llm_context` })
    expect(chats()).to.have.length(chunks.length)
    for (const chunk of chunks) {
      expect(chunk.text).to.equal(content.slice(chunk.start_offset, chunk.end_offset)).and.not.contain('Zephyr')
      expect(has(chunk, 'Zephyr'), 'BM25 sees it').to.equal(true)
    }
    const embedded = bench.models.seen.filter(({ path }) => path === '/v1/embeddings').flatMap(({ body }) => body['input'] as string[]) // prettier-ignore
    for (const chunk of chunks) expect(embedded).to.include(`Limits\n${says()().slice(12, 55)}\n${chunk.text}`)
    const { summary } = await bench.service.get(bench.scope, document_id)
    expect(summary).to.equal(null)
  })

  it('keeps a summary with the document, and reads it with its first chunk', async () => {
    await set(['title_path', 'summary'])
    bench.models.reset({ reply: says() })
    const { document_id } = await bench.add(text('one that is summarised'))
    await bench.until(document_id, 'ready')
    const { summary } = await bench.service.get(bench.scope, document_id)
    expect(summary).to.equal('A handbook of the compressor Boreas.')
    const chunks = await chunksOf(document_id)
    expect(chunks.map(chunk => has(chunk, 'Boreas'))).to.deep.equal(chunks.map((_, at) => at === 0))
    expect(chats()).to.have.length(1)
  })

  it('waits for an LLM that is away, and asks again only for what it has not got', async () => {
    await set(['summary', 'llm_context'])
    bench.models.reset({ reply: says() })
    // The summary, the first page of eight, and then.
    let calls = 0
    bench.models.reset({
      reply: () => {
        calls += 1
        if (calls === 9) bench.models.misbehave({ kind: 'status', status: 503 })
        return says()()
      },
    })
    const { document_id } = await bench.add(text('one whose LLM goes away'))
    const waiting = await eventually(async () => {
      const { job } = await bench.service.status(bench.scope, document_id)
      if (!job?.error) throw new Error('not failed yet')
      return job
    })
    expect(waiting).to.deep.include({ status: 'queued', stage: 'enrich' })
    expect(waiting.error).to.include({ code: 'LLM_UNAVAILABLE', transient: true })
    const { job } = await bench.until(document_id, 'ready')
    expect(job?.stages.map(stage => stage.attempts)).to.deep.equal([1, 1, 2, 1, 1])
    const chunks = await chunksOf(document_id)
    expect(chunks.every(({ context }) => context!.endsWith('Zephyr.'))).to.equal(true)
    // At most the page at which it went away twice.
    expect(chats().length).to.be.within(chunks.length + 2, chunks.length + 1 + 8)
  })

  it('fails with what to do where there is no LLM, and goes on when there is one', async () => {
    await set(['llm_context'], { models: { llm: 'none' } })
    bench.models.reset({ reply: says() })
    const { document_id } = await bench.add(text('one without an LLM'))
    const { error } = await bench.until(document_id, 'failed')
    expect(error).to.include({ code: 'KB_CONFIG_ERROR', stage: 'enrich' })
    expect(error?.message).to.contain('llm_context').and.contain('LLM_PROVIDER')
    await set(['llm_context'])
    await bench.service.reprocess(bench.scope, document_id, { caller: { type: 'admin' }, requestId: 'test' })
    const { job } = await bench.until(document_id, 'ready')
    expect(job?.stages.slice(0, 2).map(({ status }) => status)).to.deep.equal(['done', 'done'])
  })

  it('asks nobody where the knowledge base asks for nothing', async () => {
    bench.models.reset({ reply: says() })
    const { document_id } = await bench.add(text('one as it is'))
    const { job } = await bench.until(document_id, 'ready')
    expect(job?.stages[2]).to.deep.include({ name: 'enrich', status: 'done', detail: 'title path' })
    expect(chats()).to.be.empty
  })
})
