import { CallLimits } from '../call-limits.ts'
import { tellTokens } from '../call-observer.ts'
import { OLLAMA, ollamaClient, type OllamaConnection, throwOllamaFailure } from '../ollama-client.ts'
import { unusable } from '../remote-failure.ts'
import type { Embedder } from './embedder.ts'
import { askedDimensions, RemoteEmbedder, type RemoteEmbedderSettings } from './remote-embedder.ts'

/** Embeddings of an Ollama server; the model has to be pulled there. */
export function ollamaEmbedder(settings: RemoteEmbedderSettings, connection: OllamaConnection): Embedder {
  const dimensions = askedDimensions(OLLAMA, settings)
  return new RemoteEmbedder(OLLAMA, settings, async (texts, signal, observer) => {
    const limits = new CallLimits(settings.timeoutMs, signal)
    try {
      const answer: { embeddings?: unknown; prompt_eval_count?: unknown } | null = await ollamaClient(
        connection,
        limits,
      ).embed({
        model: settings.model,
        input: [...texts],
        ...dimensions,
      })
      if (!Array.isArray(answer?.embeddings)) throw unusable(OLLAMA, 'it has no list `embeddings`')
      tellTokens(observer, answer.prompt_eval_count)
      return answer.embeddings as number[][]
    } catch (error) {
      throwOllamaFailure(error, limits, connection.baseUrl)
    }
  })
}
