import { localModelMachine } from '../../local-model-machine.ts'
import { createEmbedder } from '../../providers/embedders/index.ts'
import { embedderSettings } from '../../providers/embedders/settings.ts'
import { type Check, failed, ok, skipped, warning } from '../check.ts'
import { plain } from '../run-checks.ts'

/** One text goes to the embedding model, and a vector of the right length comes back. */
export const embeddingCheck: Check = {
  name: 'embedding',
  // A model may have to be downloaded.
  timeoutMs: ({ configuration }) => configuration.EMBEDDING_TIMEOUT_SECONDS * 1000 + 60_000,
  async examine({ configuration }, signal) {
    if (configuration.EMBEDDING_PROVIDER === 'none') return skipped('EMBEDDING_PROVIDER is none: only BM25')
    const about = `${configuration.EMBEDDING_PROVIDER}: ${configuration.EMBEDDING_MODEL}`
    try {
      const made = await createEmbedder(embedderSettings(configuration), localModelMachine({ info: () => undefined }))
      if (!made.embedder) return warning(`${about} is not at hand; only BM25 works`, made.reason, 'set MODELS_DIR to a folder that has it, or let this host reach the model hub') // prettier-ignore
      const started = performance.now()
      try {
        const [vector] = await made.embedder.embed(['Is anybody there?'], 'query', signal)
        return ok(`${about}, ${vector?.length} dimensions, ${Math.round(performance.now() - started)} ms`)
      } finally {
        await made.embedder.close()
      }
    } catch (error) {
      return failed(`${about}: ${plain(error)}`, 'documents are not indexed and queries only find words meanwhile', 'see EMBEDDING_BASE_URL (or OPENAI_BASE_URL, OLLAMA_BASE_URL), the key, the name of the model and EMBEDDING_DIM') // prettier-ignore
    }
  },
}
