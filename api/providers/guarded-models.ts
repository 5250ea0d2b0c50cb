import { withoutEcho } from '../contract/without-echo.ts'
import type { Embedder } from './embedders/embedder.ts'
import type { CompletionRequest, Llm } from './llms/llm.ts'
import { resumeStream } from './llms/resume-stream.ts'
import type { ModelGuard } from './model-guard.ts'
import { ProviderError } from './provider-error.ts'
import type { Reranker } from './rerankers/reranker.ts'

/** The same language model behind a guard. A stream holds its place until it ends; its beginning tells whether it works. */
export function guardedLlm(llm: Llm, guard: ModelGuard): Llm {
  return {
    provider: llm.provider,
    model: llm.model,
    complete: request => guard.run(() => discreetly(textsOf(request), llm.complete(request)), request.signal),
    async *stream(request) {
      const leave = await guard.enter(request.signal)
      try {
        const stream = llm.stream(request)
        return yield* resumeStream(stream, await guard.watch(() => discreetly(textsOf(request), stream.next())))
      } finally {
        leave()
      }
    },
  }
}

export function guardedReranker(reranker: Reranker, guard: ModelGuard): Reranker {
  return {
    provider: reranker.provider,
    model: reranker.model,
    rerank: request =>
      guard.run(() => discreetly([request.query, ...request.texts], reranker.rerank(request)), request.signal),
  }
}

/** Without a limit of calls: remote embedders have one of their own, in which questions go first. */
export function guardedEmbedder(embedder: Embedder, guard: ModelGuard): Embedder {
  return {
    provider: embedder.provider,
    model: embedder.model,
    dimension: embedder.dimension,
    maxInputCharacters: embedder.maxInputCharacters,
    inputTokens: embedder.inputTokens,
    embed: (texts, purpose, signal, observer) =>
      guard.watch(() => discreetly(texts, embedder.embed(texts, purpose, signal, observer))),
    close: () => embedder.close(),
  }
}

function textsOf({ messages }: CompletionRequest): string[] {
  return messages.map(({ content }) => content)
}

/** A failure's words without what was sent. */
async function discreetly<T>(sent: readonly string[], call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    if (!(error instanceof ProviderError) || error.status === undefined) throw error
    throw error.restate(withoutEcho(error.message, sent))
  }
}
