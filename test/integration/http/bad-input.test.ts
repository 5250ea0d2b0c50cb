import { connect } from 'node:net'
import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { type TestApi, type TestTenant, ok, startApi } from '../../support/api.ts'
import type { Answer } from '../../support/api-client.ts'
import { orSkip } from '../../support/missing-part.ts'

describe('bad input', () => {
  let api: TestApi
  let tenant: TestTenant
  let kb: string
  let documents: string
  before(async function () {
    this.timeout(60_000)
    api = await orSkip(this, startApi({ worker: false, environment: { MAX_BODY_MB: '1' } }))
    tenant = await api.tenant()
    kb = await tenant.knowledgeBase()
    documents = `/v1/knowledge-bases/${kb}/documents`
  })

  const json = { 'content-type': 'application/json' }
  const expectRefusal = (
    { status, body }: Answer,
    expected: number,
    detail: string | RegExp,
    code = 'VALIDATION_ERROR',
  ) => {
    // prettier-ignore
    expect([status, body.code, body.detail]).to.deep.equal([expected, code, body.detail])
    if (typeof detail === 'string') expect(body.detail).to.contain(detail)
    else expect(body.detail).to.match(detail)
  }

  describe('in a JSON body', () => {
    const cases: [string, unknown, string][] = [
      ['an unknown field', { query: 'x', colour: 'red' }, 'unknown field "colour"; allowed: query'],
      ['a wrong type', { query: 7 }, 'query: must be a string, got the number 7'],
      ['a missing field', {}, 'query: is required'],
      ['an empty query', { query: '' }, 'query: must not be empty'],
      ['a blank query', { query: '  \n ' }, 'query: must not be empty'],
      ['a query of 100,000 characters', { query: 'x'.repeat(100_000) }, 'query: must have at most 8192 characters'],
      ['top_k 0', { query: 'x', top_k: 0 }, 'top_k: must be at least 1'],
      ['top_k 51', { query: 'x', top_k: 51 }, 'top_k: must be at most 50'],
      ['top_k 1.5', { query: 'x', top_k: 1.5 }, 'top_k: must be an integer'],
      ['a retriever that there is none of', { query: 'x', retriever: 'magic' }, 'retriever: must be one of "auto"'],
      ['a filter that is a string', { query: 'x', metadata_filter: 'year > 3' }, 'metadata_filter: must be an object'],
      ['a filter with an unknown operator', { query: 'x', metadata_filter: { year: { near: 3 } } }, 'near'],
      ['a list instead of an object', [], 'body: must be an object'],
    ]
    for (const [what, body, detail] of cases)
      it(`refuses ${what}`, async () => expectRefusal(await tenant.client.post('/v1/retrieve', body), 400, detail))

    it('refuses malformed JSON, an empty body and broken UTF-8', async () => {
      const send = (raw: NonNullable<RequestInit['body']>) => tenant.client.post('/v1/retrieve', undefined, { raw, headers: json }) // prettier-ignore
      expectRefusal(await send('{"query": '), 400, 'body: is not JSON')
      expectRefusal(await send(''), 400, 'body: is empty')
      const broken = Buffer.concat([Buffer.from('{"query": "'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')])
      expectRefusal(await send(broken), 400, 'body: is not UTF-8')
      expectRefusal(await send(String.raw`{"query": "a\u0000b"}`), 400, 'query: holds the character U+0000')
      expectRefusal(await send(String.raw`{"query": "\ud800"}`), 400, 'query: holds half of a surrogate pair')
      expectRefusal(await send(`{"query": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`), 400, 'nested deeper than')
    })

    it('refuses other content types and charsets with 415', async () => {
      const send = (type: string) => tenant.client.post('/v1/retrieve', undefined, { raw: '{"query":"x"}', headers: { 'content-type': type } }) // prettier-ignore
      for (const type of ['text/plain', 'application/xml', 'application/json; charset=latin1', 'multipart/form-data'])
        expectRefusal(await send(type), 415, 'Content-Type: is')
      ok(await send('application/json; charset=UTF-8'))
    })

    it('refuses a body above MAX_BODY_MB with 413, whether or not its length is announced, and packed', async () => {
      const large = JSON.stringify({ content: 'x'.repeat(1024 * 1024 + 1) })
      const send = (raw: NonNullable<RequestInit['body']>, headers = {}) => tenant.client.send('POST', documents, { raw, headers: { ...json, ...headers } }) // prettier-ignore
      expectRefusal(await send(large), 413, 'body: is larger than 1 MiB')
      const { gzipSync } = await import('node:zlib')
      expectRefusal(await send(gzipSync(large), { 'content-encoding': 'gzip' }), 413, 'body: is larger than 1 MiB')
      expectRefusal(await send('x', { 'content-encoding': 'rot13' }), 415, 'Content-Encoding')
    })

    it('does not read what a stranger sends', async () => {
      const { status } = await api.anonymous.post(documents, { content: 'x'.repeat(1024 * 1024 + 1) })
      expect(status).to.equal(401)
    })
  })

  describe('in documents', () => {
    it('refuses empty and blank texts', async () => {
      for (const content of ['', ' \n\t '])
        expectRefusal(await tenant.client.post(documents, { content }), 400, 'content')
    })

    it('refuses 0 and 51 documents in a batch, and tells each bad one apart from the good ones', async () => {
      const batch = (count: number) => tenant.client.post(`${documents}/batch`, { documents: Array.from({ length: count }, (_, i) => ({ content: `text ${i}` })) }) // prettier-ignore
      expectRefusal(await batch(0), 400, 'documents: must have at least 1 item')
      expectRefusal(await batch(51), 400, 'documents: must have at most 50 items')
      const mixed = await tenant.client.post(`${documents}/batch`, {
        documents: [{ content: 'good' }, { content: ' ', external_id: 'bad' }],
      })
      expect(mixed.status).to.equal(202)
      expect(mixed.body).to.include({ accepted: 1, rejected: 1 })
      expect(mixed.body.items[1]).to.deep.include({ index: 1, external_id: 'bad' })
      expect(mixed.body.items[1].error.code).to.equal('VALIDATION_ERROR')
    })

    it('refuses metadata that is too large or no object', async () => {
      expectRefusal(await tenant.client.post(documents, { content: 'x', metadata: [] }), 400, 'metadata: must be an object') // prettier-ignore
      expectRefusal(await tenant.client.post(documents, { content: 'x', metadata: { a: 'x'.repeat(17_000) } }), 400, 'metadata: must be at most 16,384') // prettier-ignore
      expectRefusal(await tenant.client.post(documents, { content: 'x', metadata: { '': 1 } }), 400, 'the name of a field must not be empty') // prettier-ignore
    })

    it('refuses a field that would be lost, instead of losing it', async () => {
      const raw = '{"content": "x", "metadata": {"__proto__": {"a": 1}}}'
      const headers = { 'content-type': 'application/json' }
      expectRefusal(await tenant.client.send('POST', documents, { raw, headers }), 400, 'metadata: no field can be named __proto__') // prettier-ignore
    })
  })

  describe('in an upload', () => {
    const upload = (content: string | Uint8Array<ArrayBuffer>, fields = {}, name = 'a.txt') =>
      tenant.client.upload(`${documents}/upload`, { name, content }, fields)

    it('takes a file with fields, and only the base name of what it calls itself', async () => {
      const answer = await upload('Some text.', { title: 'T', metadata: '{"a": 1}', external_id: 'e1' }, '../../etc/passwd') // prettier-ignore
      expect(answer.status).to.equal(202)
      const document = ok(await tenant.client.get(`/v1/documents/${answer.body.document_id}`))
      expect(document).to.deep.include({ title: 'T', metadata: { a: 1 }, external_id: 'e1', filename: 'passwd' })
    })

    it('refuses an empty file, unknown and double fields, and metadata that is no JSON object', async () => {
      expectRefusal(await upload(''), 400, 'file: "a.txt" is empty')
      expectRefusal(await upload('x', { colour: 'red' }), 400, 'unknown field "colour"')
      expectRefusal(await upload('x', { metadata: '[1]' }), 400, 'metadata: must be an object')
      expectRefusal(await upload('x', { metadata: '{' }), 400, 'metadata: is not JSON')
      const twice = new FormData()
      twice.append('title', 'a')
      twice.append('title', 'b')
      expectRefusal(
        await tenant.client.send('POST', `${documents}/upload`, { raw: twice }),
        400,
        'title: is there twice',
      )
      expectRefusal(await tenant.client.send('POST', `${documents}/upload`, { raw: new FormData() }), 400, /./)
      const files = new FormData()
      files.append('file', new Blob(['a']), 'a.txt')
      files.append('file', new Blob(['b']), 'b.txt')
      expectRefusal(
        await tenant.client.send('POST', `${documents}/upload`, { raw: files }),
        400,
        'file: is there twice',
      )
      const misnamed = new FormData()
      misnamed.append('document', new Blob(['a']), 'a.txt')
      expectRefusal(
        await tenant.client.send('POST', `${documents}/upload`, { raw: misnamed }),
        400,
        'unknown file part',
      )
    })

    it('refuses a file above the limit with 413, and JSON and URL-encoded forms with 415', async () => {
      expectRefusal(await upload('x'.repeat(1024 * 1024 + 1)), 413, 'larger than 1 MiB')
      expectRefusal(await upload('x'.repeat(3 * 1024 * 1024)), 413, 'larger than 1 MiB')
      expectRefusal(await tenant.client.post(`${documents}/upload`, { a: 1 }), 415, 'Content-Type')
      // What curl sends with --data-binary, when nothing else is said.
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      expectRefusal(
        await tenant.client.send('POST', `${documents}/upload`, { raw: 'file', headers }),
        415,
        'Content-Type',
      )
    })

    it('refuses a form that ends in the middle', async () => {
      const headers = { 'content-type': 'multipart/form-data; boundary=x' }
      const raw = '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhal'
      expectRefusal(await tenant.client.send('POST', `${documents}/upload`, { raw, headers }), 400, 'body: ')
    })

    it('survives a form with more than one fault', async () => {
      const headers = { 'content-type': 'multipart/form-data; boundary=x' }
      const broken = '--x\r\nContent-Disposition\u0007: form-data; name="a"\r\n\r\n1\r\n'
      const twice = '--x\r\nContent-Disposition: form-data; name="title"\r\n\r\n1\r\n'.repeat(2)
      for (const raw of [broken.repeat(3), twice + broken, `${twice}${broken}--x--\r\n`])
        expectRefusal(await tenant.client.send('POST', `${documents}/upload`, { raw, headers }), 400, /body: |title: /)
      ok(await tenant.client.get('/v1/knowledge-bases'))
    })
  })

  describe('in the address', () => {
    it('tells unknown paths with 404 and wrong methods with 405', async () => {
      expectRefusal(await tenant.client.get('/v2/nothing'), 404, '/v2/nothing', 'NOT_FOUND')
      expectRefusal(await tenant.client.get('/v1/%zz'), 404, /./, 'NOT_FOUND')
      expectRefusal(await tenant.client.post(`${documents}/nothing`, {}), 404, /./, 'NOT_FOUND')
      const wrong = await tenant.client.delete('/v1/retrieve')
      expectRefusal(wrong, 405, 'allowed: POST')
      expect(wrong.headers.get('allow')).to.equal('POST')
    })

    it('tells ids that cannot be one as unknown ids are told', async () => {
      for (const id of ['nope', '1%27%20OR%20%271%27=%271', '..%2f..%2fetc%2fpasswd', '%00', 'x'.repeat(2000)]) {
        expectRefusal(await tenant.client.get(`/v1/documents/${id}`), 404, 'does not exist', 'DOC_NOT_FOUND')
        expectRefusal(await tenant.client.get(`/v1/knowledge-bases/${id}`), 404, 'does not exist', 'KB_NOT_FOUND')
        expectRefusal(await tenant.client.get(`/v1/api-keys/${id}`), 404, 'does not exist', 'API_KEY_NOT_FOUND')
      }
    })

    it('refuses query parameters that there are none of, and pages that cannot be', async () => {
      const list = (query: string) => tenant.client.get(`/v1/knowledge-bases?${query}`)
      expectRefusal(await list('colour=red'), 400, 'unknown field "colour"; allowed: page, page_size')
      expectRefusal(await list('page=0'), 400, 'page: must be at least 1')
      expectRefusal(await list('page=x'), 400, 'page: must be a whole number')
      expectRefusal(await list('page_size=101'), 400, 'page_size: must be at most 100')
      expectRefusal(await list('page=1&page=2'), 400, 'page: must be a string, got an array of 2 items')
      expectRefusal(await api.admin.get('/admin/audit-logs?action=%00'), 400, 'action')
    })
  })

  it('survives a client that goes away in the middle of its body', async () => {
    const { hostname, port } = new URL(api.url)
    await new Promise<void>(resolve => {
      const socket = connect(Number(port), hostname, () => {
        const head = `POST ${documents} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tenant.key}\r\n`
        const body = 'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"content"'
        socket.write(head + body, () => socket.destroy())
      })
      socket.once('close', () => resolve())
    })
    ok(await tenant.client.get('/v1/knowledge-bases'))
  })
})
