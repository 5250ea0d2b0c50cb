import { expect } from 'chai'
import { describe, it } from 'mocha'
import { fingerprint, type VectorSpace } from '../../../api/contract/fingerprint.ts'
import { type IngestRun } from '../../../api/ingestion/ingest-run.ts'
import { chooseEmbedding } from '../../../api/ingestion/stages/embed.ts'

const space: VectorSpace = { model: 'bge-small', dimension: 384, distance: 'cosine', analyzer: '2' }

/** A job's run on a collection that was made for `held`, in a process that has the model of `space`. */
function runOn(held: VectorSpace | null): IngestRun {
  const generation = held
    ? { alias: 'demo_shared', model: held.model, dimension: held.dimension, fingerprint: fingerprint(held) }
    : { alias: 'demo_shared', model: null, dimension: null, fingerprint: null }
  return { parts: { embedding: { space } }, generation } as unknown as IngestRun
}

describe('the embedding that a job takes', () => {
  it('is the one that the collection was made for', () => {
    expect(chooseEmbedding(runOn(space))?.space).to.equal(space)
    expect(chooseEmbedding(runOn(null))).to.equal(null)
  })

  const mismatches: [what: string, held: Partial<VectorSpace>, told: RegExp][] = [
    ['another dimension', { dimension: 768 }, /768 dimensions, the model bge-small is set to 384/],
    ['another model', { model: 'e5-small' }, /of e5-small with 384 dimensions, which cannot be compared with those of bge-small/],
    ['another text analysis', { analyzer: '1' }, /another version of the text analysis than 2, that of this image; run the image that made it/],
  ] // prettier-ignore
  for (const [what, held, told] of mismatches)
    it(`is refused for ${what}, which the message names`, () => {
      expect(() => chooseEmbedding(runOn({ ...space, ...held }))).to.throw(told)
    })
})
