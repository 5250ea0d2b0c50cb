import { expect } from 'chai'
import { describe, it } from 'mocha'
import { LocalEmbedder } from '../../api/providers/embedders/local/local-embedder.ts'
import { cosine } from '../../api/retrieval/cosine.ts'
import { orSkip } from '../support/missing-part.ts'
import { testModel, testModelFiles } from '../support/models.ts'
import { embedderContract } from './embedder.ts'

embedderContract('local', async context => {
  const files = await orSkip(context, testModelFiles())
  return {
    embedder: new LocalEmbedder(testModel, files, testModel.dimension, 2),
    mistaken: dimension => new LocalEmbedder(testModel, files, dimension, 1),
  }
})

describe('local embedder, Chinese text', () => {
  it('reads as many tokens as it says, and nothing behind them', async function () {
    const files = await orSkip(this, testModelFiles())
    const embedder = new LocalEmbedder(testModel, files, testModel.dimension, 2)
    try {
      const { most, counter } = embedder.inputTokens
      const count = await counter()
      const full = '中文文本的每一个字都是一个词元'.repeat(40).slice(0, most)
      expect(count(full)).to.equal(most)
      const [whole, longer, shorter] = await embedder.embed(
        [full, full + '龙'.repeat(300), full.slice(0, -20)],
        'document',
      )
      expect(cosine(whole!, longer!)).to.be.greaterThan(0.9999)
      expect(cosine(whole!, shorter!)).to.be.lessThan(0.9999)
    } finally {
      await embedder.close()
    }
  })
})
