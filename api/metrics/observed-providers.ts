import type { Embedder } from '../providers/embedders/embedder.ts'
import type { Completion, Llm } from '../providers/llms/llm.ts'
import type { Reranker } from '../providers/rerankers/reranker.ts'
import type { Retriever } from '../retrieval/retriever.ts'
import type { Metrics } from '../metrics.ts'
import { inSpan } from '../tracing/tracing.ts'

/** The same embedder, with its calls counted. */
export function observedEmbedder(embedder: Embedder, metrics: Metrics): Embedder {
  return {
    provider: embedder.provider,
    model: embedder.model,
    dimension: embedder.dimension,
    maxInputCharacters: embedder.maxInputCharacters,
    embed: (texts, purpose, signal) =>
      metrics.time('embedding', embedder.provider, () =>
        inSpan('embedding', { ...model(embedder), texts: texts.length }, () => embedder.embed(texts, purpose, signal)),
      ),
    close: () => embedder.close(),
  }
}

/** The same language model, with its calls counted. A stream counts when it ends; one that is left early is no error. */
export function observedLlm(llm: Llm, metrics: Metrics): Llm {
  return {
    provider: llm.provider,
    model: llm.model,
    complete: request =>
      metrics.time('llm', llm.provider, () => inSpan('llm', model(llm), () => llm.complete(request))),
    async *stream(request): AsyncGenerator<string, Completion, void> {
      const started = performance.now()
      let outcome: 'success' | 'error' = 'success'
      try {
        return yield* llm.stream(request)
      } catch (error) {
        outcome = 'error'
        throw error
      } finally {
        metrics.count('llm', llm.provider, outcome, started)
      }
    },
  }
}

/** The same reranker, with its calls counted. */
export function observedReranker(reranker: Reranker, metrics: Metrics): Reranker {
  return {
    provider: reranker.provider,
    model: reranker.model,
    rerank: request => metrics.time('rerank', reranker.provider, () => reranker.rerank(request)),
  }
}

/** The same retriever, with its searches counted. */
export function observedRetriever(retriever: Retriever, metrics: Metrics): Retriever {
  return {
    name: retriever.name,
    retrieve: query =>
      metrics.time('retrieval', retriever.name, () =>
        inSpan('retrieval', { retriever: retriever.name, top_k: query.topK }, () => retriever.retrieve(query)),
      ),
  }
}

function model({ provider, model }: { readonly provider: string; readonly model: string }) {
  return { 'gen_ai.provider.name': provider, 'gen_ai.request.model': model }
}
