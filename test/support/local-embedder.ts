import type { Embedder } from '../../api/providers/embedders/embedder.ts'
import { LocalEmbedder } from '../../api/providers/embedders/local/local-embedder.ts'
import { testModel, testModelFiles } from './models.ts'
import { onTeardown } from './teardown.ts'

let shared: Promise<Embedder> | undefined

/**
 * The real embedding model, for all suites of this run. Started once.
 * @throws MissingPart when its files are nowhere
 */
export function localEmbedder(): Promise<Embedder> {
  return (shared ??= start())
}

async function start(): Promise<Embedder> {
  const embedder = new LocalEmbedder(testModel, await testModelFiles(), testModel.dimension, 1)
  onTeardown(() => embedder.close())
  return embedder
}
