import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Embedder } from '../../api/providers/embedders/embedder.ts'
import { localModel } from '../../api/providers/embedders/local/catalogue.ts'
import { LocalEmbedder } from '../../api/providers/embedders/local/local-embedder.ts'
import { findModelFiles } from '../../api/providers/embedders/local/model-files.ts'
import { MissingPart } from './missing-part.ts'
import { onTeardown } from './teardown.ts'

let shared: Promise<Embedder> | undefined

/** Where models lie: `MODELS_DIR`, else ../shared/models. */
export const modelsDir = process.env['MODELS_DIR'] ?? join(import.meta.dirname, '../../../shared/models')

/**
 * The real embedding model (bge-small-en-v1.5), for all suites of this run: from {@link modelsDir}, else as the product
 * finds it. Started once.
 * @throws MissingPart when it is nowhere
 */
export function localEmbedder(): Promise<Embedder> {
  return (shared ??= start())
}

async function start(): Promise<Embedder> {
  const model = localModel('bge-small-en-v1.5')!
  const found = await findModelFiles(model, {
    modelsDir,
    cacheDir: join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'selfrag', 'models'),
    download: { fetch, hubUrl: 'https://huggingface.co', mavenCommand: null },
  })
  if (!found.files) throw new MissingPart(`no embedding model: set MODELS_DIR (${found.tried.join('; ')})`)
  const embedder = new LocalEmbedder(model, found.files, model.dimension, 1)
  onTeardown(() => embedder.close())
  return embedder
}
