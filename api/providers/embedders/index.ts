import type { Fetch } from '../address.ts'
import { EmbeddingDimensionError, ProviderError } from '../provider-error.ts'
import type { Embedder } from './embedder.ts'
import { localModel, localModels } from './local/catalogue.ts'
import type { Download } from './local/hub-download.ts'
import { LocalEmbedder } from './local/local-embedder.ts'
import { findModelFiles } from './local/model-files.ts'
import { ollamaEmbedder } from './ollama.ts'
import { openAiEmbedder } from './openai.ts'
import type { EmbedderSettings } from './settings.ts'

/** What local models need of the machine. */
export interface LocalModelMachine {
  /** Where downloaded models are kept. */
  readonly cacheDir: string
  /** Cores that one inference may use; more than 4 bring little for a small model. */
  readonly threads: number
  readonly download: Download
}

export type EmbedderResult =
  | { readonly embedder: Embedder }
  /** No embedder: `reason` says why, for /ready and the log, and retrieval is BM25 only. */
  | { readonly embedder: null; readonly reason: string }

/**
 * Makes the embedder that the settings ask for. Does not call it, but looks for a local model's files, which may download
 * them.
 * @param fetch what a remote one will be called with
 * @throws ProviderError when the settings cannot work: an unknown local model, another dimension than it has
 */
export async function createEmbedder(
  settings: EmbedderSettings,
  machine: LocalModelMachine,
  fetch: Fetch = globalThis.fetch,
): Promise<EmbedderResult> {
  switch (settings.provider) {
    case 'none':
      return { embedder: null, reason: 'EMBEDDING_PROVIDER is none' }
    case 'local':
      return createLocal(settings, machine)
    case 'ollama':
      return { embedder: ollamaEmbedder(settings, { ...settings, fetch }) }
    default:
      return { embedder: openAiEmbedder(settings, { ...settings, fetch }) }
  }
}

async function createLocal(
  settings: EmbedderSettings & { provider: 'local' },
  { cacheDir, threads, download }: LocalModelMachine,
): Promise<EmbedderResult> {
  const model = localModel(settings.model)
  if (!model) {
    const names = localModels.map(({ name }) => name).join(', ')
    const message = `model ${settings.model} is not one that runs in this process (${names}); choose one of these, or another EMBEDDING_PROVIDER`
    throw new ProviderError('local', message, { transient: false })
  }
  if (model.dimension !== settings.dimension)
    throw new EmbeddingDimensionError('local', model.name, settings.dimension, model.dimension)
  const search = await findModelFiles(model, { modelsDir: settings.modelsDir, cacheDir, download })
  if (search.files) return { embedder: new LocalEmbedder(model, search.files, settings.dimension, threads) }
  return { embedder: null, reason: `the files of ${model.name} were not found: ${search.tried.join('; ')}` }
}
