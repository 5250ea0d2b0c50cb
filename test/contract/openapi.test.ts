import { compileErrors, validate } from '@readme/openapi-parser'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { expressPath } from '../../api/http/mount-route.ts'
import { openApiDocument } from '../../api/http/openapi/document.ts'
import { routes } from '../../api/http/routes/index.ts'

interface Operation {
  readonly operationId: string
  readonly security: readonly Record<string, unknown>[]
  readonly parameters?: readonly { name: string; in: string; required: boolean; schema: Record<string, unknown> }[]
  readonly requestBody?: { required: boolean; content: Record<string, { schema: Record<string, unknown> }> }
  readonly responses: Record<string, { description: string; content?: Record<string, { schema: unknown }> }>
}

interface Document {
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { schemas: Record<string, Record<string, unknown>> }
}

const document = openApiDocument(routes, '1.2.3') as unknown as Document
const operation = (method: string, path: string) => document.paths[path]?.[method] as Operation

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const result = await validate(structuredClone(document) as never)
    expect(result.valid, result.valid ? '' : compileErrors(result)).to.equal(true)
    expect(document).to.deep.include({ openapi: '3.1.0' })
  })

  it('describes every route, and nothing else', () => {
    const described = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.keys(item).map(method => `${method} ${path}`),
    )
    expect(described).to.have.members(routes.map(({ method, path }) => `${method} ${path}`))
  })

  it('gives every operation a name of its own, a success and what can go wrong', () => {
    const operations = Object.values(document.paths).flatMap(item => Object.values(item))
    expect(new Set(operations.map(({ operationId }) => operationId)).size).to.equal(operations.length)
    for (const { operationId, responses } of operations) {
      const statuses = Object.keys(responses)
      expect(statuses.some(status => status.startsWith('2')), operationId).to.equal(true) // prettier-ignore
      expect(statuses, operationId).to.include('500')
    }
  })

  it('names every parameter of a path', () => {
    for (const { path, params } of routes)
      expect([...path.matchAll(/\{(\w+)\}/g)].map(match => match[1]), path).to.have.members(Object.keys(params?.shape ?? {})) // prettier-ignore
  })

  it('says who may call', () => {
    expect(operation('get', '/health').security).to.deep.equal([])
    expect(operation('post', '/v1/retrieve').security).to.deep.equal([{ apiKey: [] }])
    expect(operation('post', '/admin/tenants').security).to.deep.equal([{ adminToken: [] }])
    expect(Object.keys(operation('post', '/v1/retrieve').responses)).to.include.members(['200', '400', '401', '403', '413', '415', '429', '503']) // prettier-ignore
  })

  it('tells what a body may hold as precisely as it is checked', () => {
    const schema = operation('post', '/v1/retrieve').requestBody?.content['application/json']?.schema
    expect(schema).to.include({ type: 'object', additionalProperties: false })
    const properties = schema?.['properties'] as Record<string, unknown>
    expect(properties['top_k']).to.include({ type: 'integer', minimum: 1, maximum: 50 })
    expect(schema?.['required']).to.deep.equal(['query'])
  })

  it('tells of parameters that text stands for numbers', () => {
    const size = operation('get', '/v1/knowledge-bases').parameters?.find(({ name }) => name === 'page_size')
    expect(size?.schema).to.include({ type: 'integer', minimum: 1, maximum: 100, default: 20 })
    expect(size?.required).to.equal(false)
  })

  it('lets answers grow: clients must bear fields that they do not know', () => {
    expect(document.components.schemas['KnowledgeBase']).not.to.have.property('additionalProperties')
    expect(operation('get', '/v1/knowledge-bases/{id}').responses['200']?.content?.['application/json']?.schema).to.deep.equal({ $ref: '#/components/schemas/KnowledgeBase' }) // prettier-ignore
  })

  it('tells apart what is sent and what is answered where a field may be left out', () => {
    const { required } = document.components.schemas['SystemConfigInput'] as { required?: string[] }
    expect(required ?? []).not.to.include('models')
    expect(document.components.schemas['SystemConfig']?.['required']).to.include('models')
    expect(operation('put', '/admin/system-config').requestBody?.content['application/json']?.schema).to.deep.equal({ $ref: '#/components/schemas/SystemConfigInput' }) // prettier-ignore
  })

  it('tells that a header may be refused where one is checked', () => {
    for (const route of routes.filter(({ headers }) => headers))
      expect(Object.keys(operation(route.method, route.path).responses), route.operationId).to.include('400')
  })

  it('describes each event of a stream with its name and the JSON in it', () => {
    const { schema } = operation('post', '/v1/rag').responses['200']?.content?.['text/event-stream'] as { schema: { anyOf: unknown[] } } // prettier-ignore
    const delta = schema.anyOf.find(event => (event as { title: string }).title === 'delta')
    expect(delta).to.deep.include({ type: 'object', required: ['event', 'data'] })
    expect(delta).to.have.nested.property('properties.data.contentSchema.properties.text')
    const chat = operation('post', '/v1/chat/completions').responses['200']?.content?.['text/event-stream'] as { schema: object } // prettier-ignore
    expect(JSON.stringify(chat.schema)).to.include('"const":"[DONE]"').and.not.include('"event"')
  })

  it('describes an upload as a form with a file', () => {
    const body = operation('post', '/v1/knowledge-bases/{id}/documents/upload').requestBody
    const schema = body?.content['multipart/form-data']?.schema
    expect(schema?.['required']).to.include('file')
  })
})

describe('expressPath', () => {
  it('turns the parameters into Express’s', () => {
    expect(expressPath('/admin/tenants/{id}/api-keys')).to.equal('/admin/tenants/:id/api-keys')
  })
})
