import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { eventually } from '../support/eventually.ts'
import { modelsDir } from '../support/models.ts'

/** `npm start`, as a person runs it: another process, a terminal's text, HTTP. */
class Start {
  readonly #child: ChildProcessWithoutNullStreams
  text = ''

  constructor(variables: Record<string, string>) {
    this.#child = spawn(process.execPath, ['api/standalone.ts'], {
      env: { ...process.env, PORT: '0', ...(modelsDir() && { MODELS_DIR: modelsDir() }), ...variables },
    })
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream.setEncoding('utf8').on('data', (piece: string) => (this.text += piece))
  }

  /** The address that it printed. */
  async url(): Promise<string> {
    return eventually(() => {
      const url = /ready\s+(http:\/\/\S+)/.exec(this.text)?.[1]
      if (!url || !this.text.includes('Ctrl-C')) throw new Error(`not ready yet:\n${this.text}`)
      return url
    }, 90_000)
  }

  /** Presses Ctrl-C and waits; gives the exit code and how long it took. */
  async interrupt(): Promise<{ code: number | null; ms: number }> {
    const began = performance.now()
    this.#child.kill('SIGINT')
    const code = await this.ended()
    return { code, ms: performance.now() - began }
  }

  async ended(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'close')
    return this.#child.exitCode
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }
}

describe('npm start', function () {
  this.timeout(180_000)
  const started: Start[] = []
  let home: string
  let docs: string

  const start = (variables: Record<string, string> = {}) => {
    const process = new Start({ SELFRAG_HOME: home, SELFRAG_DOCS: docs, ...variables })
    started.push(process)
    return process
  }
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'selfrag-standalone-'))
    docs = await mkdtemp(join(tmpdir(), 'selfrag-docs-'))
    // To embed all of the documentation is minutes of computing on a busy machine.
    for (const page of ['README.md', 'docs/concepts.md', 'docs/tenancy.md', 'docs/reference/operator-rights.md'])
      await cp(page, join(docs, page))
  })
  after(async () => {
    for (const process of started) process.kill()
    for (const folder of [home, docs]) await rm(folder, { recursive: true, force: true })
  })

  // One home, three starts: to embed documents is most of what this suite costs, and is done once.
  it('ends at Ctrl-C while it is indexing, without a greeting', async () => {
    const cut = start()
    await eventually(() => expect(cut.text).to.include('indexing the documentation'), 60_000)
    const { code, ms } = await cut.interrupt()
    expect(code, cut.text).to.equal(0)
    expect(ms).to.be.below(5_000)
    expect(cut.text)
      .to.match(/✓ RagPipeline\/demo ready/)
      .and.match(/✓ RagTenant\/acme ready/)
    expect(cut.text).not.to.include('selfrag is ready').and.not.to.include('✗')
  })

  it('goes on to index the documentation, answers with it, and finds it again after Ctrl-C', async () => {
    const first = start()
    const url = await first.url()
    const key = (await readFile(join(home, 'keys/acme/reader'), 'utf8')).trim()
    expect((await stat(join(home, 'keys/acme/reader'))).mode & 0o777).to.equal(0o600)
    expect((await stat(join(home, 'admin-token'))).mode & 0o777).to.equal(0o600)
    const found = await post(`${url}/v1/retrieve`, key, { query: 'What does an ownership marker say?', top_k: 3 })
    expect(found.results[0].text).to.match(/cluster's id and the resource's uid/)

    const answer = await post(`${url}/v1/rag`, key, { query: 'What does an ownership marker say?' })
    expect(answer.citations).not.to.be.empty
    const sources = new Set(answer.sources.map((source: { chunk_id: string }) => source.chunk_id))
    for (const citation of answer.citations) expect(sources).to.include(citation.chunk_id)
    const [, written, generated] = /\((\d+) documents are indexed, (\d+) generated ones follow\)/.exec(first.text) ?? []
    expect([Number(written), Number(generated)]).to.deep.equal([3, 1])
    const documents = Number(written) + Number(generated)
    await eventually(() => expectReady(url, key, documents), 90_000)
    const all = await post(`${url}/v1/retrieve`, key, { query: 'What does an ownership marker say?', top_k: 3 })
    const { code, ms } = await first.interrupt()
    expect(code, first.text).to.equal(0)
    expect(ms).to.be.below(5_000)

    const second = start()
    const again = await second.url()
    expect(second.text)
      .to.match(/✓ RagPipeline\/demo unchanged/)
      .and.match(/✓ RagTenant\/acme unchanged/)
    expect(second.text).to.include(`(${documents} documents are indexed)`)
    const refound = await post(`${again}/v1/retrieve`, key, { query: 'What does an ownership marker say?', top_k: 3 })
    expect(refound.results.map(chunkId)).to.deep.equal(all.results.map(chunkId))
    expect((await second.interrupt()).code).to.equal(0)
  })

  it('says in one line that the port is in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as { port: number }
    const refused = start({ PORT: String(port) })
    expect(await refused.ended()).to.equal(1)
    taken.close()
    expect(faults(refused)).to.deep.equal([`port ${port} on 127.0.0.1 is in use; set PORT (or HOST) to another one`])
  })

  it('says in one line that the home cannot be written to', async () => {
    const file = join(home, 'a-file')
    await writeFile(file, '')
    const refused = start({ SELFRAG_HOME: join(file, 'home') })
    expect(await refused.ended()).to.equal(1)
    expect(faults(refused)).to.have.length(1)
    expect(refused.text)
      .to.include(`cannot write to ${join(file, 'home')}`)
      .and.include('SELFRAG_HOME')
  })

  it('keeps a second process out of a home that is in use', async () => {
    await writeFile(join(home, 'pid'), `${process.pid}\n`)
    const refused = start()
    expect(await refused.ended()).to.equal(1)
    await rm(join(home, 'pid'))
    expect(faults(refused)).to.have.length(1)
    expect(refused.text).to.include(`is in use by process ${process.pid}`)
  })

  it('says where a resource is wrong', async () => {
    const resources = await mkdtemp(join(home, 'resources-'))
    await writeFile(join(resources, 'pipeline.yaml'), 'apiVersion: selfrag.io/v1alpha1\nkind: RagPipeline\nmetadata: { name: demo }\nspec: { vectors: { engine: elastic } }\n') // prettier-ignore
    const refused = start({ SELFRAG_RESOURCES: resources })
    expect(await refused.ended()).to.equal(1)
    expect(refused.text).to.include('pipeline.yaml#1: spec.vectors.engine')
  })
})

async function expectReady(url: string, key: string, documents: number): Promise<void> {
  const headers = { authorization: `Bearer ${key}` }
  const read = async (path: string) => (await fetch(url + path, { headers })).json() as Promise<any> // eslint-disable-line @typescript-eslint/no-explicit-any -- as in post
  const { items } = await read('/v1/knowledge-bases')
  const { total } = await read(`/v1/knowledge-bases/${items[0].id}/documents?status=ready`)
  expect(total).to.equal(documents)
}

const chunkId = (result: { chunk_id: string }) => result.chunk_id

/** What it printed besides its greeting. */
function faults({ text }: Start): string[] {
  return text.split('\n').filter(line => line !== '' && line !== 'selfrag is starting')
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are looked into field by field
async function post(url: string, key: string, body: object): Promise<any> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(response.status, await response.clone().text()).to.equal(200)
  return response.json()
}
