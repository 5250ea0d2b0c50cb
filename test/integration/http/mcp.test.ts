import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { type TestApi, type TestTenant, ok, startApi, untilReady } from '../../support/api.ts'
import type { Json } from '../../support/api-client.ts'
import { orSkip } from '../../support/missing-part.ts'

describe('the MCP endpoint, asked by the official client', () => {
  let api: TestApi
  let tenant: TestTenant
  let rules: string
  let recipes: string
  const clients: Client[] = []

  before(async function () {
    this.timeout(60_000)
    api = await orSkip(this, startApi())
    tenant = await api.tenant()
    rules = await add('rules', { title: 'Rules', content: 'API keys are valid for ninety days.' })
    recipes = await add('recipes', { title: 'Soup', content: 'Soup needs water and API keys never.' })
  })

  after(() => Promise.all(clients.map(client => client.close())))

  async function add(name: string, document: Record<string, unknown>): Promise<string> {
    const id = await tenant.knowledgeBase(name)
    const { document_id } = ok(await tenant.client.post(`/v1/knowledge-bases/${id}/documents`, document))
    await untilReady(tenant.client, document_id)
    return id
  }

  async function connect(key: string): Promise<Client> {
    const client = new Client({ name: 'test', version: '1' })
    const requestInit = { headers: { authorization: `Bearer ${key}` } }
    const transport = new StreamableHTTPClientTransport(new URL('/mcp', api.url), { requestInit })
    await client.connect(transport)
    clients.push(client)
    return client
  }

  async function call(client: Client, name: string, input: Record<string, unknown> = {}): Promise<Json> {
    return client.callTool({ name, arguments: input })
  }

  it('tells who it is and what it can do', async () => {
    const client = await connect(tenant.key)
    expect(client.getServerVersion()).to.deep.include({ name: 'selfrag', version: api.application.services.version })
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).to.deep.equal(['search', 'answer', 'list_knowledge_bases'])
    for (const { description, inputSchema, outputSchema, annotations } of tools) {
      expect(description).to.not.equal('')
      expect([inputSchema.type, outputSchema?.type, annotations?.readOnlyHint]).to.deep.equal([
        'object',
        'object',
        true,
      ])
    }
    expect(tools[0]!.inputSchema).to.deep.include({ required: ['query'] })
  })

  it('searches, with the passages as text and as structure', async () => {
    const { content, structuredContent } = await call(await connect(tenant.key), 'search', { query: 'How long are keys valid?', top_k: 1 }) // prettier-ignore
    expect(structuredContent.results).to.have.length(1)
    expect(structuredContent.results[0]).to.deep.include({ index: 1, title: 'Rules', knowledge_base_id: rules })
    expect(content[0].text).to.equal('[1] Rules\nAPI keys are valid for ninety days.')
  })

  it('answers, with the sources that are cited', async () => {
    const { structuredContent, content } = await call(await connect(tenant.key), 'answer', { query: 'How long are API keys valid?', knowledge_base_ids: [rules] }) // prettier-ignore
    expect(structuredContent).to.deep.include({
      status: 'supported',
      answer: 'API keys are valid for ninety days. [1]',
    })
    expect(structuredContent.sources.map((source: Json) => source.index)).to.deep.equal([1])
    expect(content[0].text).to.include('Sources:\n\n[1] Rules')
  })

  it('lists and searches only what the key may read', async () => {
    const { key } = await tenant.withKey({ role: 'read', scope_kb_ids: [recipes] })
    const client = await connect(key)
    const { structuredContent } = await call(client, 'list_knowledge_bases')
    expect(structuredContent).to.deep.equal({ knowledge_bases: [{ id: recipes, name: 'recipes', description: '' }], total: 1 }) // prettier-ignore
    const found = await call(client, 'search', { query: 'API keys' })
    expect(found.structuredContent.results.map((result: Json) => result.knowledge_base_id)).to.deep.equal([recipes])
    for (const name of ['search', 'answer']) {
      const outside = await call(client, name, { query: 'API keys', knowledge_base_ids: [rules] })
      expect(outside.isError).to.equal(true)
      expect(outside.content[0].text).to.match(/^KB_NOT_FOUND: knowledge base .* does not exist$/)
    }
  })

  it('tells the model what it did wrong', async () => {
    const client = await connect(tenant.key)
    const wrong = await call(client, 'search', { query: 'a', top_k: 99 })
    expect([wrong.isError, wrong.content[0].text]).to.deep.include(true)
    expect(wrong.content[0].text).to.include('top_k')
    const filter = await call(client, 'search', { query: 'a', metadata_filter: { year: { near: 3 } } })
    expect([filter.isError, filter.content[0].text.split(':')[0]]).to.deep.equal([true, 'VALIDATION_ERROR'])
    const unknown = await call(client, 'delete_everything').catch((error: Error) => ({ isError: true, content: [{ text: error.message }] })) // prettier-ignore
    expect([unknown.isError, unknown.content[0].text]).to.deep.include(true)
    expect(unknown.content[0].text).to.include('delete_everything')
  })

  it('lets nobody in without a key, and no key of a disabled tenant', async () => {
    const refused = await connect('kb_sk_wrong').catch((error: Error) => error.message)
    expect(refused).to.include('INVALID_API_KEY')
    const other = await api.tenant()
    ok(await api.admin.post(`/admin/tenants/${other.id}/disable`))
    expect(await connect(other.key).catch((error: Error) => error.message)).to.include('TENANT_DISABLED')
  })

  it('counts against the limit of the key', async () => {
    const { key } = await tenant.withKey({ role: 'read', rate_limit_per_minute: 3 })
    const client = await connect(key) // initialize and its notification
    await call(client, 'list_knowledge_bases')
    expect(await call(client, 'list_knowledge_bases').catch((error: Error) => error.message)).to.include('RATE_LIMITED')
  })

  const refused: [string, unknown, string][] = [
    [
      'several messages at once, which one limit would count as one',
      [{ jsonrpc: '2.0', id: 1, method: 'ping' }],
      'body',
    ],
    ['something else', { hello: 'world' }, 'jsonrpc'],
    ['JSON-RPC without a method', { jsonrpc: '2.0', id: 1 }, ''],
  ]
  for (const [what, body, named] of refused) {
    it(`refuses ${what}`, async () => {
      const answer = await tenant.client.post('/mcp', body)
      expect([answer.status, answer.body.code]).to.deep.equal([400, 'VALIDATION_ERROR'])
      expect(answer.body.detail).to.include(named)
    })
  }

  it('has no sessions: there is nothing to listen to or to end', async () => {
    for (const method of ['GET', 'DELETE']) {
      const { status, headers } = await tenant.client.send(method, '/mcp')
      expect([status, headers.get('allow')]).to.deep.equal([405, 'POST'])
    }
  })
})
