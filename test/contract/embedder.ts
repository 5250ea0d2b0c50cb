import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import type { Embedder } from '../../api/providers/embedders/embedder.ts'
import { EmbeddingDimensionError } from '../../api/providers/provider-error.ts'

export interface EmbedderUnderTest {
  readonly embedder: Embedder
  /** The same model behind an embedder that was told a wrong dimension. */
  mistaken(dimension: number): Embedder
  stop?(): Promise<void>
}

/** What every embedder must keep. */
export function embedderContract(name: string, make: (context: Mocha.Context) => Promise<EmbedderUnderTest>): void {
  describe(`embedder ${name}`, () => {
    let subject: EmbedderUnderTest
    let embedder: Embedder

    before(async function () {
      subject = await make(this)
      embedder = subject.embedder
    })
    after(async () => {
      await subject?.embedder.close()
      await subject?.stop?.()
    })

    it('gives one unit-length vector a text', async () => {
      const vectors = await embedder.embed(['a wing in a slipstream', 'heat transfer', ''], 'document')
      expect(vectors).to.have.length(3)
      for (const vector of vectors) {
        expect(vector).to.be.instanceOf(Float32Array)
        expect(vector).to.have.length(embedder.dimension)
        expect(dot(vector, vector)).to.be.closeTo(1, 1e-4)
      }
    })

    it('keeps the order of many texts of many lengths', async () => {
      const words = ['boundary', 'layer', 'shock', 'wave', 'panel', 'flutter', 'nozzle']
      const texts = Array.from({ length: 75 }, (_, index) =>
        `text ${index} about ${words[index % 7]} ${words[(index * 3) % 5]} `.repeat(1 + (index % 6)).trim(),
      )
      const together = await embedder.embed(texts, 'document')
      expect(together).to.have.length(75)
      for (const index of [0, 1, 17, 40, 73, 74]) {
        const [alone] = await embedder.embed([texts[index]!], 'document')
        // Not equal: a quantised model rounds by the largest number of the whole batch.
        expect(dot(together[index]!, alone!), texts[index]).to.be.greaterThan(0.99)
      }
    })

    it('counts what it reads in tokens', async () => {
      const { most, counter } = embedder.inputTokens
      const count = await counter()
      expect(most).to.be.within(100, 100_000)
      expect(count('')).to.equal(0)
      expect(count('an ordinary English sentence of nine words or so')).to.be.within(8, 20)
      expect(count('数据库检索')).to.be.at.least(5)
    })

    it('puts a question nearer to its answer than to another text', async () => {
      const [question] = await embedder.embed(['how do I rotate an api key'], 'query')
      const [answer, other] = await embedder.embed(
        ['Rotate an api key with the command rotate.', 'The kitchen serves soup at noon.'],
        'document',
      )
      expect(dot(question!, answer!)).to.be.greaterThan(dot(question!, other!))
    })

    it('takes no texts at all', async () => {
      expect(await embedder.embed([], 'document')).to.deep.equal([])
    })

    it('takes texts that are longer than the model reads, and odd ones', async () => {
      const texts = ['word '.repeat(20_000), 'x'.repeat(50_000), '中文'.repeat(5000), '🙂'.repeat(3000), '\ud800 lone', ' \n\t', '\u0000'] // prettier-ignore
      for (const vector of await embedder.embed(texts, 'query')) expect(dot(vector, vector)).to.be.closeTo(1, 1e-4)
    })

    it('says both numbers when the model answers another dimension', async () => {
      const mistaken = subject.mistaken(embedder.dimension + 5)
      const error = await mistaken.embed(['text'], 'document').then(
        () => expect.fail('nothing was thrown'),
        (thrown: unknown) => thrown,
      )
      await mistaken.close()
      expect(error).to.be.instanceOf(EmbeddingDimensionError)
      expect((error as Error).message).to.include(String(embedder.dimension)).and.to.include(String(embedder.dimension + 5)) // prettier-ignore
      expect((error as EmbeddingDimensionError).transient).to.equal(false)
    })

    it('gives up with the reason of the caller, before and during the call', async () => {
      const reason = new Error('the client went away')
      expect(await failure(embedder.embed(['text'], 'query', AbortSignal.abort(reason)))).to.equal(reason)
      const underway = new AbortController()
      const call = failure(embedder.embed(Array<string>(200).fill('some text '.repeat(80)), 'document', underway.signal)) // prettier-ignore
      underway.abort(reason)
      expect(await call).to.equal(reason)
      expect(await embedder.embed(['still works'], 'query')).to.have.length(1)
    })
  })
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0)
}

async function failure(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => expect.fail('nothing was thrown'),
    (error: unknown) => error,
  )
}
