import { LocalEmbedder } from '../../api/providers/embedders/local/local-embedder.ts'
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
