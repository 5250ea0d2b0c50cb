import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { parse } from 'yaml'
import { type Json } from '../support/api-client.ts'
import { ok, startApi, type TestApi, untilReady } from '../support/api.ts'

const folder = join(import.meta.dirname, '../../config/logging')
interface Property {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Property>>
}
const { template } = JSON.parse(readFileSync(join(folder, 'index-template.json'), 'utf8')) as { template: { mappings: Property } } // prettier-ignore

/** Whether Elasticsearch would take a value as that type. */
const takes: Readonly<Record<string, (value: unknown) => boolean>> = {
  date: value => !Number.isNaN(Date.parse(String(value))),
  keyword: value => typeof value === 'string',
  text: value => typeof value === 'string',
  float: value => typeof value === 'number',
  short: value => Number.isInteger(value),
}

describe('config/logging, on lines of the real API', function () {
  this.timeout(60_000)
  const lines: Json[] = []
  let api: TestApi

  before(async () => {
    api = await startApi({ onLog: line => lines.push(line) })
    const tenant = await api.tenant()
    const kb = await tenant.knowledgeBase()
    const { document_id } = ok(await tenant.client.post(`/v1/knowledge-bases/${kb}/documents`, { title: 'T', content: 'The pump runs dry.' })) // prettier-ignore
    await untilReady(tenant.client, document_id)
    await tenant.client.post('/v1/retrieve', { query: 'pump', knowledge_base_ids: [kb] })
    await api.as('kb_sk_wrong').get('/v1/knowledge-bases')
    await api.anonymous.get('/no/such/path')
  })
  after(() => api.stop())

  it('has a type for every field that people search by, and it fits', () => {
    expect(lines.length).to.be.above(5)
    const known = new Set<string>()
    for (const line of lines) visit(line, template.mappings.properties!, '', known)
    expect([...known]).to.include.members(['timestamp', 'level', 'logger', 'message', 'request_id', 'duration_ms', 'route', 'status', 'code']) // prettier-ignore
    const inRequests = new Set(lines.filter(line => line.route).flatMap(line => Object.keys(line)))
    expect([...inRequests].filter(field => !(field in template.mappings.properties!)), 'of request lines').to.deep.equal([]) // prettier-ignore
  })

  const ask = (name: string, more: readonly Json[] = []) =>
    execFileSync('jq', ['-c', '-f', join(folder, `queries/${name}.jq`)], { input: [...lines, ...more].map(line => JSON.stringify(line)).join('\n'), encoding: 'utf8' }) // prettier-ignore
      .split('\n').filter(line => line !== '').map(line => JSON.parse(line)) // prettier-ignore

  it('finds refused callers and nobody else', () => {
    const found = ask('refused-callers')
    expect(found.map(({ code }) => code)).to.deep.equal(['INVALID_API_KEY'])
  })

  it('finds errors, slow requests and faults of the database', () => {
    const slow = { level: 'INFO', route: '/v1/rag', duration_ms: 7200 }
    const fault = {
      level: 'ERROR',
      route: '/v1/retrieve',
      err: { code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' },
    }
    expect(ask('slow-requests', [slow, fault])).to.deep.equal([slow])
    expect(ask('errors', [slow, fault])).to.deep.include(fault)
    expect(ask('database-faults', [slow, fault])).to.deep.include(fault)
  })

  it('asks Kibana the same questions, and reads as YAML', () => {
    const saved = parse(readFileSync(join(folder, 'queries/saved.yaml'), 'utf8')) as object
    expect(Object.keys(saved)).to.deep.equal(['errors', 'slow-requests', 'refused-callers', 'database-faults'])
    for (const file of ['filebeat.yml', 'vector.yaml']) expect(parse(readFileSync(join(folder, file), 'utf8'))).to.be.an('object') // prettier-ignore
  })
})

function visit(value: Json, properties: Readonly<Record<string, Property>>, path: string, known: Set<string>): void {
  for (const [name, inner] of Object.entries(value)) {
    const property = properties[name]
    if (!property || inner === null) continue
    known.add(path + name)
    if (property.properties) visit(inner as Json, property.properties, `${path}${name}.`, known)
    else expect(takes[property.type!]!(inner), `${path}${name} is ${JSON.stringify(inner)}, not ${property.type}`).to.equal(true) // prettier-ignore
  }
}
