import { CallLimits } from '../call-limits.ts'
import { tellTokens } from '../call-observer.ts'
import { openAiClient, type OpenAiConnection, throwOpenAiFailure } from '../openai-client.ts'
import { unusable } from '../remote-failure.ts'
import type { Embedder } from './embedder.ts'
import { askedDimensions, RemoteEmbedder, type RemoteEmbedderSettings } from './remote-embedder.ts'

/** Embeddings of OpenAI or of a service with its protocol (vLLM, TEI, LocalAI, LM Studio, a gateway). */
export function openAiEmbedder(settings: RemoteEmbedderSettings, connection: OpenAiConnection): Embedder {
  const client = openAiClient(connection, settings.timeoutMs)
  const dimensions = askedDimensions(connection.provider, settings)
  return new RemoteEmbedder(connection.provider, settings, async (texts, signal, observer) => {
    const limits = new CallLimits(settings.timeoutMs, signal)
    try {
      const answer = await client.embeddings.create(
        // Every service can answer numbers; base64, the client's default, is unknown to some.
        { model: settings.model, input: [...texts], encoding_format: 'float', ...dimensions },
        { signal: limits.signal },
      )
      // The client passes on whatever JSON came.
      tellTokens(observer, (answer as Partial<typeof answer> | null)?.usage?.prompt_tokens)
      return vectorsOf(answer, connection.provider)
    } catch (error) {
      throwOpenAiFailure(error, limits, connection)
    }
  })
}

/** The client passes on whatever JSON came, so its shape is looked at; the order is by `index`. */
function vectorsOf(answer: unknown, provider: string): ArrayLike<number>[] {
  const data = (answer as { data?: unknown } | null)?.data
  if (!Array.isArray(data)) throw unusable(provider, 'it has no list `data`')
  const items = data as { index?: number; embedding?: unknown }[]
  return items.toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0)).map(({ embedding }) => vectorOf(embedding, provider))
}

function vectorOf(embedding: unknown, provider: string): ArrayLike<number> {
  if (Array.isArray(embedding)) return embedding as number[]
  // Some services answer base64 whatever they were asked for: float32, little endian.
  if (typeof embedding === 'string') {
    const bytes = Uint8Array.from(Buffer.from(embedding, 'base64'))
    return new Float32Array(bytes.buffer, 0, Math.floor(bytes.length / 4))
  }
  throw unusable(provider, 'an entry of `data` has no embedding')
}
