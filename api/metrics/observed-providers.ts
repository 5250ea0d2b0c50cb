import type { CallObserver } from '../providers/call-observer.ts'
import type { Embedder } from '../providers/embedders/embedder.ts'
import type { Completion, CompletionRequest, Llm } from '../providers/llms/llm.ts'
import type { ModelUse } from '../providers/model-use.ts'
import type { Reranker } from '../providers/rerankers/reranker.ts'
import type { Retriever } from '../retrieval/retriever.ts'
import type { Metrics } from '../metrics.ts'
import { inSpan } from '../tracing/tracing.ts'
import { chargedTenant } from '../usage/charged-tenant.ts'
import type { UsageMeter } from '../usage/usage-meter.ts'

/** Where calls of models are counted: for the process, and for the tenant on whose account they are made. */
export interface Counters {
  readonly metrics: Metrics
  readonly usage: UsageMeter
}

/** The same embedder, with its calls counted. */
export function observedEmbedder(embedder: Embedder, counters: Counters): Embedder {
  return {
    provider: embedder.provider,
    model: embedder.model,
    dimension: embedder.dimension,
    maxInputCharacters: embedder.maxInputCharacters,
    inputTokens: embedder.inputTokens,
    async embed(texts, purpose, signal) {
      if (texts.length === 0) return embedder.embed(texts, purpose, signal)
      const account = openAccount('embedding', embedder, counters)
      account.add({ embedding_calls: 1, embedding_texts: texts.length })
      return counters.metrics.time('embedding', embedder.provider, () =>
        inSpan('embedding', { ...model(embedder), texts: texts.length }, () =>
          embedder.embed(texts, purpose, signal, account.observer),
        ),
      )
    },
    close: () => embedder.close(),
  }
}

/**
 * The same language model, with its calls counted. A stream counts when it ends; one that is left early is no error, and
 * its tokens are not known: providers tell them with the last piece.
 */
export function observedLlm(llm: Llm, counters: Counters): Llm {
  const { metrics } = counters
  const begin = (request: CompletionRequest) => {
    const account = openAccount('llm', llm, counters)
    account.add({ llm_calls: 1 })
    return { account, observed: { ...request, observer: account.observer } }
  }
  return {
    provider: llm.provider,
    model: llm.model,
    async complete(request) {
      const { account, observed } = begin(request)
      const completion = await metrics.time('llm', llm.provider, () =>
        inSpan('llm', model(llm), () => llm.complete(observed)),
      )
      account.completed(completion)
      return completion
    },
    async *stream(request): AsyncGenerator<string, Completion, void> {
      const { account, observed } = begin(request)
      const started = performance.now()
      let outcome: 'success' | 'error' = 'success'
      try {
        const completion = yield* llm.stream(observed)
        account.completed(completion)
        return completion
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
export function observedReranker(reranker: Reranker, counters: Counters): Reranker {
  return {
    provider: reranker.provider,
    model: reranker.model,
    async rerank(request) {
      const account = openAccount('rerank', reranker, counters)
      account.add({ rerank_calls: 1, rerank_texts: request.texts.length })
      return counters.metrics.time('rerank', reranker.provider, () =>
        reranker.rerank({ ...request, observer: account.observer }),
      )
    },
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

interface NamedModel {
  readonly provider: string
  readonly model: string
}

/** Who pays is asked when the call begins: later it may run in somebody else's turn, out of a queue that all share. */
function openAccount(use: ModelUse, named: NamedModel, { metrics, usage }: Counters) {
  const tenantId = chargedTenant()
  const add = (used: Parameters<UsageMeter['add']>[1]) => {
    if (tenantId !== undefined) usage.add(tenantId, used, named)
  }
  const tokens = (direction: 'input' | 'output', count: number) => {
    metrics.countTokens(use, named.provider, direction, count)
    add({ [`${use}_${direction}_tokens`]: count })
  }
  const observer: CallObserver = {
    retried: () => metrics.countRetry(use, named.provider),
    tokensRead: count => tokens('input', count),
  }
  const completed = ({ usage: { promptTokens, completionTokens } }: Completion) => {
    tokens('input', promptTokens)
    tokens('output', completionTokens)
  }
  return { add, observer, completed }
}

function model({ provider, model }: NamedModel) {
  return { 'gen_ai.provider.name': provider, 'gen_ai.request.model': model }
}
