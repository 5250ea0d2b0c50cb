import type { Embedder } from './embedders/embedder.ts'
import type { Llm } from './llms/llm.ts'
import { resumeStream } from './llms/resume-stream.ts'
import type { ModelGuard } from './model-guard.ts'
import type { Reranker } from './rerankers/reranker.ts'

/** The same language model behind a guard. A stream holds its place until it ends; its beginning tells whether it works. */
export function guardedLlm(llm: Llm, guard: ModelGuard): Llm {
  return {
    provider: llm.provider,
    model: llm.model,
    complete: request => guard.run(() => llm.complete(request), request.signal),
    async *stream(request) {
      const leave = await guard.enter(request.signal)
      try {
        const stream = llm.stream(request)
        return yield* resumeStream(stream, await guard.watch(() => stream.next()))
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
    rerank: request => guard.run(() => reranker.rerank(request), request.signal),
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
    embed: (texts, purpose, signal, observer) => guard.watch(() => embedder.embed(texts, purpose, signal, observer)),
    close: () => embedder.close(),
  }
}
