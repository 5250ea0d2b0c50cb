import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { LocalEmbedder } from '../../../api/providers/embedders/local/local-embedder.ts'
import type { ModelFiles } from '../../../api/providers/embedders/local/model-files.ts'
import { ProviderError } from '../../../api/providers/provider-error.ts'
import { orSkip } from '../../support/missing-part.ts'
import { testModel, testModelFiles } from '../../support/models.ts'

describe('embedders/local', () => {
  let files: ModelFiles
  let embedder: LocalEmbedder

  before(async function () {
    files = await orSkip(this, testModelFiles())
    embedder = new LocalEmbedder(testModel, files, 384, 2)
    await embedder.embed(['warm up'], 'query')
  })
  after(() => embedder?.close())

  it('lets the event loop run and questions pass while documents are embedded', async () => {
    const order: string[] = []
    let ticks = 0
    const ticking = setInterval(() => ticks++, 5)
    const text = 'The boundary layer on a flat plate becomes turbulent. '.repeat(18)
    const documents = embedder.embed(Array<string>(24).fill(text), 'document').then(() => order.push('documents'))
    await delay(20)
    await embedder.embed(['what is a boundary layer'], 'query').then(() => order.push('question'))
    await documents
    clearInterval(ticking)
    expect(order).to.deep.equal(['question', 'documents'])
    expect(ticks).to.be.greaterThan(10)
  })

  it('puts the instruction of the model before questions only', async () => {
    const [question] = await embedder.embed(['flutter'], 'query')
    const [written] = await embedder.embed([`${testModel.queryInstruction}flutter`], 'document')
    const [document] = await embedder.embed(['flutter'], 'document')
    expect(question).to.deep.equal(written)
    expect(question).not.to.deep.equal(document)
  })

  it('gives the vectors that the model is known for', async () => {
    // Made with these files once, and checked by what they are worth: Cranfield dense nDCG@10 .3975.
    const [vector] = await embedder.embed(['what is a boundary layer'], 'query')
    const known = [0.0318, 0.0297, 0.0187, 0.0596]
    known.forEach((value, index) => expect(vector![index]).to.be.closeTo(value, 0.005))
  })

  it('says when a model cannot be loaded', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'selfrag-broken-'))
    const onnxPath = join(folder, 'model.onnx')
    await writeFile(onnxPath, 'not a model')
    const broken = new LocalEmbedder(testModel, { ...files, onnxPath }, 384, 1)
    const error = await broken.embed(['text'], 'document').catch((thrown: unknown) => thrown)
    expect(error).to.be.instanceOf(ProviderError)
    expect((error as ProviderError).transient).to.equal(false)
    expect((error as ProviderError).message).to.include(onnxPath)
    await broken.close()
    await rm(folder, { recursive: true })
  })

  it('ends in the middle of an inference without taking the process along', async function () {
    this.timeout(60_000)
    const modules = new URL('../../../api/providers/embedders/local/', import.meta.url).href
    const folder = await mkdtemp(join(tmpdir(), 'selfrag-closing-'))
    const file = join(folder, 'close.mjs')
    const program = `
      const { LocalEmbedder } = await import('${modules}local-embedder.ts')
      const { localModel } = await import('${modules}catalogue.ts')
      const embedder = new LocalEmbedder(localModel('${testModel.name}'), ${JSON.stringify(files)}, 384, 2)
      await embedder.embed(['warm up'], 'query')
      const texts = Array(24).fill('The boundary layer on a flat plate becomes turbulent. '.repeat(18))
      const cut = embedder.embed(texts, 'document').catch(error => console.log(error.message))
      setTimeout(() => embedder.close().then(() => console.log('closed')), 60)
      await cut`
    await writeFile(file, program)
    const child = spawn(process.execPath, [file])
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', piece => (output += String(piece)))
    const [code, signal] = await once(child, 'close')
    await rm(folder, { recursive: true })
    expect({ code, signal }, output).to.deep.equal({ code: 0, signal: null })
    expect(output).to.include('local: the embedder was closed\nclosed')
  })

  it('leaves nobody waiting when it is closed', async () => {
    const closing = new LocalEmbedder(testModel, files, 384, 1)
    const calls = Array.from({ length: 5 }, () =>
      closing.embed(['some text'], 'document').catch((error: unknown) => error),
    )
    await closing.close()
    for (const error of await Promise.all(calls)) {
      expect(error).to.be.instanceOf(ProviderError)
      expect((error as ProviderError).message).to.include('closed')
    }
  })
})
