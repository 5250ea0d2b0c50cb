import { expect } from 'chai'
import { after, before, beforeEach, describe, it } from 'mocha'
import OpenAI, {
  APIError,
  AuthenticationError,
  BadRequestError,
  ConflictError,
  NotFoundError,
  RateLimitError,
} from 'openai'
import { type TestApi, type TestTenant, ok, startApi, untilReady } from '../../support/api.ts'
import type { Json } from '../../support/api-client.ts'
import { documentedProgram, runJavaScript, runPython } from '../../support/documented-program.ts'
import { eventually } from '../../support/eventually.ts'
import { orSkip } from '../../support/missing-part.ts'
import { type ModelServer, startModelServer } from '../../support/model-server.ts'
import { rejectionOf } from '../../support/rejection.ts'

const PAGE = 'docs/api-guide.md'

/** OpenAI's own client, unchanged, with a key of ours. */
const clientOf = (api: TestApi, key: string, options: Partial<ConstructorParameters<typeof OpenAI>[0]> = {}) =>
  new OpenAI({ baseURL: `${api.url}/v1`, apiKey: key, ...options })

async function add(tenant: TestTenant, kb: string, content: string): Promise<void> {
  const { document_id } = ok(await tenant.client.post(`/v1/knowledge-bases/${kb}/documents`, { content }))
  await untilReady(tenant.client, document_id)
}

describe("OpenAI's client", () => {
  let model: ModelServer
  let api: TestApi
  let tenant: TestTenant
  let manuals: string
  let client: OpenAI
  before(async function () {
    this.timeout(120_000)
    model = await startModelServer()
    const environment = { LLM_PROVIDER: 'openai', LLM_MODEL: 'scripted', LLM_CHOICES: 'openai:other,vllm:scripted', OPENAI_BASE_URL: model.openAiUrl, VLLM_BASE_URL: model.openAiUrl, OPENAI_API_KEY: 'k' } // prettier-ignore
    api = await orSkip(this, startApi({ embedding: 'local', environment }))
    tenant = await api.tenant()
    manuals = await tenant.knowledgeBase('manuals')
    await add(tenant, manuals, 'Pump P-17 is serviced every 400 hours. Its seal is made of rubber.')
    await add(tenant, await tenant.knowledgeBase('canteen'), 'The canteen serves fish on Fridays.')
    client = clientOf(api, tenant.key)
  })
  after(() => model?.close())
  beforeEach(() => model.reset({ reply: () => 'It is serviced every 400 hours [1].' }))

  const question = { role: 'user', content: 'When is pump P-17 serviced?' } as const
  const prompts = () => model.seen.map(({ body }) => body['messages'] as { role: string; content: string }[])

  describe('chat completions', () => {
    it('get an answer with citations, sources and real usage', async () => {
      const answer: Json = await client.chat.completions.create({ model: 'selfrag', messages: [question] })
      expect(answer.choices).to.deep.equal([
        {
          index: 0,
          message: { role: 'assistant', content: 'It is serviced every 400 hours [1].', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ])
      const [{ index, span }] = answer.citations
      expect(answer.sources[index - 1].text.slice(span.start, span.end)).to.equal('Pump P-17 is serviced every 400 hours.') // prettier-ignore
      expect(answer).to.include({ object: 'chat.completion', model: 'selfrag', answer_status: 'supported' })
      expect(answer.usage.completion_tokens).to.equal(7)
      expect(answer.usage.total_tokens).to.equal(answer.usage.prompt_tokens + 7)
      const other = await client.chat.completions.create({ model: 'selfrag', messages: [question] })
      expect(other.id)
        .to.match(/^chatcmpl-/)
        .and.not.equal(answer.id)
    })

    it('keep system messages and the history, and search for a question that stands for itself', async () => {
      model.reset({
        reply: ([system]) => (system?.content.startsWith('You rewrite') ? 'When is pump P-17 serviced?' : 'Every 400 hours [1].'),
      }) // prettier-ignore
      const { data, usage }: Json = await client.chat.completions
        .create({
          model: 'scripted',
          messages: [
            { role: 'system', content: 'You speak like a pirate.' },
            { role: 'user', content: 'Do you know pump P-17?' },
            { role: 'assistant', content: 'Aye.' },
            { role: 'user', content: [{ type: 'text', text: 'How often must it be looked after?' }] },
          ],
        })
        .then(answer => ({ data: answer, usage: answer.usage }))
      expect(data.choices[0].message.content).to.equal('Every 400 hours [1].')
      const [condensing, answering] = prompts()
      expect(condensing?.at(-1)?.content).to.contain('user: Do you know pump P-17?\nassistant: Aye.')
      expect(answering?.map(({ role }) => role)).to.deep.equal(['system', 'user', 'assistant', 'user'])
      expect(answering?.[0]?.content).to.match(/^You speak like a pirate\.\n\nYou answer questions from numbered/)
      // Found with what the conversation is about; answered as it was asked.
      expect(answering?.at(-1)?.content).to.contain('400 hours').and.to.match(/Question: How often must it be looked after\?$/) // prettier-ignore
      expect(usage.completion_tokens).to.equal(5 + 4)
    })

    it('stream, with one id, the usage when it is wanted, and the evidence in the last piece of text', async () => {
      const stream = await client.chat.completions.create({ model: 'selfrag', messages: [question], stream: true, stream_options: { include_usage: true } }) // prettier-ignore
      const chunks: Json[] = []
      for await (const chunk of stream) chunks.push(chunk)
      expect(new Set(chunks.map(({ id }) => id)).size).to.equal(1)
      expect(chunks[0].choices[0].delta).to.deep.equal({ role: 'assistant', content: '' })
      expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).to.equal('It is serviced every 400 hours [1].') // prettier-ignore
      expect(chunks.length).to.be.greaterThan(5)
      const [end, last] = chunks.slice(-2)
      expect(end.choices[0]).to.include({ finish_reason: 'stop' })
      expect(end.citations.map(({ index }: Json) => index)).to.deep.equal([1])
      expect(end).to.include({ answer_status: 'supported', usage: null })
      expect(last.choices).to.deep.equal([])
      expect(last.usage.completion_tokens).to.equal(7)
      const plain = await client.chat.completions.create({ model: 'selfrag', messages: [question], stream: true })
      for await (const chunk of plain) expect(chunk).not.to.have.property('usage')
    })

    it('tell a failure in the middle of a stream as an error', async () => {
      model.misbehave({ kind: 'cut-stream', after: 2 })
      const stream = await client.chat.completions.create({ model: 'selfrag', messages: [question], stream: true })
      const texts: string[] = []
      const reading = (async () => {
        for await (const { choices } of stream) texts.push(choices[0]?.delta.content ?? '')
      })()
      expect((await rejectionOf(reading, APIError)).message).to.contain('broke off')
      expect(texts.join('')).to.equal('It is')
    })

    it('end the model’s request when the reader leaves', async () => {
      model.misbehave({ kind: 'hang-in-stream', after: 2 })
      const stream = await client.chat.completions.create({ model: 'selfrag', messages: [question], stream: true })
      for await (const { choices } of stream) if (choices[0]?.delta.content) break
      await eventually(() => expect(model.seen).to.have.length(1))
      await model.seen[0]!.abandoned
    })

    it('pass temperature and the limit of tokens on', async () => {
      const answer = await client.chat.completions.create({ model: 'selfrag', messages: [question], temperature: 0.7, max_tokens: 3 }) // prettier-ignore
      expect(answer.choices[0]).to.deep.include({ finish_reason: 'length' })
      expect(model.seen[0]?.body).to.include({ temperature: 0.7, max_tokens: 3 })
    })

    it('ask where they are told to: a knowledge base as the model, or by its id, with how to search', async () => {
      const friday = { role: 'user', content: 'What is served on Fridays?' } as const
      const ask = async (body: Json) => {
        const { sources }: Json = await client.chat.completions.create({ messages: [friday], ...body })
        return sources.map(({ text }: Json) => text.split(' ')[0])
      }
      expect(await ask({ model: 'selfrag', retrieval_config: { retriever: 'dense' } })).to.have.length(2)
      for (const name of ['kb:manuals', 'manuals', manuals])
        expect(await ask({ model: name, retrieval_config: { retriever: 'dense' } }), name).to.deep.equal(['Pump'])
      expect(await ask({ model: 'selfrag', knowledge_base_ids: [manuals], retrieval_config: { retriever: 'dense' } })).to.deep.equal(['Pump']) // prettier-ignore
      const both = { model: 'kb:manuals', messages: [friday], knowledge_base_ids: [manuals] }
      expect((await rejectionOf(client.chat.completions.create(both), BadRequestError)).param).to.equal('knowledge_base_ids') // prettier-ignore
    })

    it('are refused with the field, when they ask for what is not there', async () => {
      const wrong: Record<string, unknown> = {
        n: 2,
        stop: ['x'],
        tools: [{ type: 'function', function: { name: 'f' } }],
        temperature: 3,
        max_tokens: 0,
        response_format: { type: 'json_object' },
        messages: [question, { role: 'assistant', content: 'As I' }],
        retrieval_config: { top_k: 51 },
      }
      for (const [field, value] of Object.entries(wrong)) {
        const body: Json = { model: 'selfrag', messages: [question], [field]: value }
        const error = await rejectionOf(client.chat.completions.create(body), BadRequestError)
        expect(error.param, error.message).to.match(new RegExp(`^${field}`))
        expect([error.type, error.code]).to.deep.equal(['invalid_request_error', 'VALIDATION_ERROR'])
      }
      const image: Json = { model: 'selfrag', messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] } // prettier-ignore
      await rejectionOf(client.chat.completions.create(image), BadRequestError)
      // What clients send without meaning anything by it is borne.
      await client.chat.completions.create({ model: 'selfrag', messages: [question], n: 1, stop: null, top_p: 1, frequency_penalty: 0, tools: [], seed: 7, user: 'me' }) // prettier-ignore
    })
  })

  describe('models', () => {
    it('are those of the service and the knowledge bases that the key may read', async () => {
      const ids = async (key: string) => (await clientOf(api, key).models.list()).data.map(({ id }) => id)
      expect(await ids(tenant.key)).to.deep.equal(['selfrag', 'scripted', 'other', 'vllm:scripted', 'bge-small-en-v1.5', 'kb:canteen', 'kb:manuals']) // prettier-ignore
      const { key } = await tenant.withKey({ role: 'read', scope_kb_ids: [manuals] })
      expect(await ids(key)).to.deep.equal([
        'selfrag',
        'scripted',
        'other',
        'vllm:scripted',
        'bge-small-en-v1.5',
        'kb:manuals',
      ])
      const shown: Json = await client.models.retrieve('kb:manuals')
      expect(shown).to.include({ id: 'kb:manuals', object: 'model', knowledge_base_id: manuals })
      expect(shown.created).to.be.greaterThan(1_600_000_000)
    })

    it('are chosen by name, above what knowledge base and tenant say; without one these decide', async () => {
      const asked = async (name: string, more: object = {}) => {
        model.reset({ reply: () => 'It is serviced every 400 hours [1].' })
        const answer = await client.chat.completions.create({ model: name, messages: [question], ...more })
        expect(answer.model).to.equal(name)
        return model.seen.map(({ body }) => body['model'])
      }
      ok(await api.admin.patch(`/admin/tenants/${tenant.id}`, { models: { llm: 'openai:other' } }))
      const shown: Json = await client.models.retrieve('vllm:scripted')
      expect(shown).to.include({ kind: 'llm', owned_by: 'vllm' })
      expect(await asked('selfrag')).to.deep.equal(['other'])
      expect(await asked('scripted')).to.deep.equal(['scripted'])
      expect(await asked('openai:scripted')).to.deep.equal(['scripted'])
      expect(await asked('vllm:scripted', { retrieval_config: { retriever: 'bm25' } })).to.deep.equal(['scripted'])
      const both = { model: 'other', messages: [question], retrieval_config: { model: { llm: 'none' } } }
      expect(await rejectionOf(client.chat.completions.create(both), BadRequestError)).to.have.property('message').that.includes('leave one of them out') // prettier-ignore
      ok(await api.admin.patch(`/admin/tenants/${tenant.id}`, { models: {} }))
      expect(await asked('selfrag')).to.deep.equal(['scripted'])
    })

    it('answer in the words that the tenant wants, unless the knowledge base wants others', async () => {
      const instructions = async () => {
        model.reset({ reply: () => 'It is serviced every 400 hours [1].' })
        await client.chat.completions.create({ model: 'kb:manuals', messages: [question] })
        return prompts()[0]?.[0]?.content.split('\n\n')[0]
      }
      const settings = ok(await api.admin.patch(`/admin/tenants/${tenant.id}`, { answering: { prompt: 'Be polite.' } }))
      expect(settings.answering).to.deep.equal({ prompt: 'Be polite.' })
      expect(await instructions()).to.equal('Be polite.')
      ok(await tenant.client.patch(`/v1/knowledge-bases/${manuals}`, { answering: { prompt: 'Be terse.' } }))
      expect(await instructions()).to.equal('Be terse.')
      ok(await tenant.client.patch(`/v1/knowledge-bases/${manuals}`, { answering: {} }))
      ok(await api.admin.patch(`/admin/tenants/${tenant.id}`, { answering: {} }))
      expect(await instructions()).to.match(/^You answer questions/)
    })

    it('outside of the key’s scope are told as those that there are none of', async () => {
      const canteen = (await client.models.retrieve('kb:canteen')) as Json
      const { key } = await tenant.withKey({ role: 'read', scope_kb_ids: [manuals] })
      const limited = clientOf(api, key)
      const names = ['kb:canteen', 'canteen', canteen.knowledge_base_id, 'gpt-4o']
      for (const name of names) {
        const shown = await rejectionOf(limited.models.retrieve(name), NotFoundError)
        const asked = await rejectionOf(limited.chat.completions.create({ model: name, messages: [question] }), NotFoundError) // prettier-ignore
        expect([shown.code, asked.code], name).to.deep.equal(['model_not_found', 'model_not_found'])
        expect(asked.message.replace(name, '')).to.equal(shown.message.replace(name, ''))
      }
    })
  })

  describe('embeddings', () => {
    const model = 'bge-small-en-v1.5'
    it('come as numbers and, as the client asks for them by itself, in base64: the same vectors', async () => {
      const input = ['pump', 'fish on Fridays']
      const packed = await client.embeddings.create({ model, input })
      const plain = await client.embeddings.create({ model, input, encoding_format: 'float', dimensions: 384 })
      expect(plain.data.map(({ index }) => index)).to.deep.equal([0, 1])
      for (const { index, embedding } of plain.data) {
        expect(embedding).to.have.length(384)
        expect(Math.hypot(...embedding)).to.be.closeTo(1, 1e-5)
        expect(packed.data[index]?.embedding).to.deep.equal(embedding)
      }
      expect(plain.usage).to.deep.equal({ prompt_tokens: 4, total_tokens: 4 })
      const raw = await tenant.client.post('/v1/embeddings', { model, input: 'pump', encoding_format: 'base64' })
      expect(raw.body.data[0].embedding).to.be.a('string').with.length(2048)
    })

    it('are refused for token ids, other lengths and other models', async () => {
      const tokens = await rejectionOf(client.embeddings.create({ model, input: [[1, 2, 3]] }), BadRequestError)
      expect(tokens.message).to.contain('input: holds token ids').and.contain('send the text')
      await rejectionOf(client.embeddings.create({ model, input: [1, 2] }), BadRequestError)
      await rejectionOf(client.embeddings.create({ model, input: [] }), BadRequestError)
      await rejectionOf(client.embeddings.create({ model, input: '' }), BadRequestError)
      expect((await rejectionOf(client.embeddings.create({ model, input: 'x', dimensions: 8 }), BadRequestError)).param).to.equal('dimensions') // prettier-ignore
      expect((await rejectionOf(client.embeddings.create({ model: 'scripted', input: 'x' }), NotFoundError)).code).to.equal('model_not_found') // prettier-ignore
    })
  })

  describe('errors', () => {
    it('of keys, limits, methods and bodies are told in OpenAI’s shape', async () => {
      const wrong = await rejectionOf(clientOf(api, 'kb_sk_wrong').models.list(), AuthenticationError)
      expect([wrong.code, wrong.type]).to.deep.equal(['invalid_api_key', 'authentication_error'])
      const { key } = await tenant.withKey({ role: 'read', rate_limit_per_minute: 1 })
      const limited = clientOf(api, key, { maxRetries: 0 })
      await limited.models.list()
      const { code, headers } = await rejectionOf(limited.models.list(), RateLimitError)
      expect(code).to.equal('rate_limit_exceeded')
      expect(Number(headers.get('retry-after'))).to.be.within(1, 60)
      const method = await tenant.client.get('/v1/chat/completions')
      expect([method.status, method.body.error.type]).to.deep.equal([405, 'invalid_request_error'])
      const broken = await tenant.client.send('POST', '/v1/chat/completions', { raw: '{', headers: { 'content-type': 'application/json' } }) // prettier-ignore
      expect([broken.status, broken.body.error.code]).to.deep.equal([400, 'VALIDATION_ERROR'])
      const kb = '00000000-0000-4000-8000-000000000000'
      const missing: Json = { model: 'selfrag', messages: [question], knowledge_base_ids: [kb], stream: true }
      expect((await rejectionOf(client.chat.completions.create(missing), NotFoundError)).code).to.equal('KB_NOT_FOUND')
    })
  })

  describe('as the documentation uses it', () => {
    const environment = () => ({ URL: api.url, KEY: tenant.key })

    it('works in JavaScript', async () => {
      const printed = await runJavaScript(documentedProgram(PAGE, 'js'), environment())
      expect(printed.match(/400 hours \[1\]/g)).to.have.length(2)
      expect(printed).to.contain('supported').and.contain('kb:manuals').and.contain('384')
    })

    it('works in Python', async function () {
      this.timeout(120_000)
      const printed = await orSkip(this, runPython(documentedProgram(PAGE, 'python'), environment()))
      expect(printed.match(/400 hours \[1\]/g)).to.have.length(2)
      expect(printed).to.contain('supported').and.contain('kb:manuals').and.contain('384')
    })
  })
})

describe("OpenAI's client without models", () => {
  let client: OpenAI
  before(async function () {
    this.timeout(60_000)
    const api = await orSkip(this, startApi())
    const tenant = await api.tenant()
    await add(tenant, await tenant.knowledgeBase('manuals'), 'Pump P-17 is serviced every 400 hours.')
    client = clientOf(api, tenant.key)
  })

  it('gets the documents’ own sentences, whole and as a stream', async () => {
    const request = { model: 'selfrag', messages: [{ role: 'user', content: 'When is pump P-17 serviced?' }] } as const
    const answer: Json = await client.chat.completions.create({ ...request, messages: [...request.messages] })
    expect(answer.choices[0].message.content).to.equal('Pump P-17 is serviced every 400 hours. [1]')
    expect(answer.usage.total_tokens).to.equal(0)
    const stream = await client.chat.completions.create({ ...request, messages: [...request.messages], stream: true })
    let text = ''
    for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
    expect(text).to.equal(answer.choices[0].message.content)
  })

  it('is told that there is no embedding model, and does not try again', async () => {
    const error = await rejectionOf(client.embeddings.create({ model: 'any', input: 'x' }), ConflictError)
    expect([error.status, error.code]).to.deep.equal([409, 'KB_CONFIG_ERROR'])
    expect(error.headers.get('x-should-retry')).to.equal('false')
    expect((await client.models.list()).data.map(({ id }) => id)).to.deep.equal(['selfrag', 'kb:manuals'])
  })
})
