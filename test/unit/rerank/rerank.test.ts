import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { Reranker } from '../../../api/providers/rerankers/reranker.ts'
import { ProviderError } from '../../../api/providers/provider-error.ts'
import { chooseMeans, rerank } from '../../../api/retrieval/rerank/rerank.ts'
import type { RetrievalQuery, RetrievedChunk } from '../../../api/retrieval/retriever.ts'
import { TenantScope } from '../../../api/stores/postgres/tenant-scope.ts'
import { scriptedLlm } from '../../support/scripted-llm.ts'

const chunks = ['first', 'second', 'third'].map((text, at): RetrievedChunk => {
  const place = { knowledgeBaseId: 'kb', documentId: 'd', position: at, metadata: {} }
  return { id: text, chunkId: text, text, score: 1 - at / 10, scores: { bm25: 3 - at }, ...place }
})
const query: RetrievalQuery = {
  text: 'a question',
  scope: new TenantScope({ id: 't', slug: 's', collection: 'c' }),
  knowledgeBaseIds: ['kb'],
  topK: 2,
}
const noVectors = { vectors: { embeddings: async () => new Map<string, Float32Array>() } } as never

function reranker(rank: Reranker['rerank']): Reranker {
  return { provider: 'test', model: 'm', rerank: rank }
}

describe('reranking', () => {
  it('orders by the model, keeps what the legs gave, and tells the relevance', async () => {
    const models = { llm: null, reranker: reranker(async ({ texts }) => texts.map(text => (text === 'third' ? 0.9 : 0.1))) } // prettier-ignore
    const { chunks: ordered, trace } = await rerank(noVectors, { ...query, models }, 'model', chunks)
    expect(ordered.map(({ id }) => id)).to.deep.equal(['third', 'first', 'second'])
    expect(ordered[0]).to.deep.include({ score: 0.9, scores: { bm25: 1, rerank: 0.9 } })
    expect(trace['rerank']).to.deep.include({ mode: 'model', provider: 'test', candidates: 3 })
  })

  it('keeps the order when the model fails, and says why', async () => {
    const fail = reranker(async () => {
      throw new ProviderError('test', 'is away', { transient: true })
    })
    const { chunks: kept, trace } = await rerank(noVectors, { ...query, models: { llm: null, reranker: fail } }, 'model', chunks) // prettier-ignore
    expect(kept).to.deep.equal(chunks)
    expect(trace['rerank']).to.include({ mode: 'none', asked: 'model' })
    expect((trace['rerank'] as { reason: string }).reason).to.contain('is away')
  })

  it('lets an LLM judge all passages in one call, and takes none that is not there', async () => {
    const llm = scriptedLlm(
      '{"judgements": [{"passage": 7, "relevance": 5}]}',
      'Here: {"judgements": [{"passage": 2, "relevance": 8}, {"passage": 3, "relevance": 3}]}',
    )
    const { chunks: ordered } = await rerank(noVectors, { ...query, models: { llm, reranker: null } }, 'llm', chunks)
    expect(ordered.map(({ id, score }) => [id, score])).to.deep.equal([['second', 0.8], ['third', 0.3], ['first', 0]]) // prettier-ignore
    expect(llm.asked).to.have.length(2)
    expect(llm.asked[1]!.at(-1)!.content).to.contain('judgements.0.passage')
  })

  it('gives up on an LLM whose second answer is no better', async () => {
    const llm = scriptedLlm('no idea', 'still none')
    const { chunks: kept, trace } = await rerank(
      noVectors,
      { ...query, models: { llm, reranker: null } },
      'llm',
      chunks,
    )
    expect(kept).to.deep.equal(chunks)
    expect(trace['rerank']).to.include({ mode: 'none', asked: 'llm' })
  })

  it('compares words where there are no embeddings', async () => {
    const { chunks: ordered, trace } = await rerank(noVectors, query, 'mmr', chunks)
    expect(ordered).to.have.length(3)
    expect(trace['rerank']).to.deep.include({ mode: 'mmr', compared: 'words' })
  })

  it('chooses the best there is, and says what is missing', () => {
    const model = reranker(async () => [])
    const llm = scriptedLlm()
    expect(chooseMeans('auto', { llm, reranker: model })).to.deep.include({ mode: 'model' })
    expect(chooseMeans('auto', { llm, reranker: null })).to.deep.include({ mode: 'llm' })
    expect(chooseMeans('auto', { llm: null, reranker: null })).to.deep.include({ mode: 'mmr' })
    expect(chooseMeans('llm', { llm: null, reranker: model })).to.match(/no LLM/)
    expect(chooseMeans('model', { llm, reranker: null })).to.match(/no reranker/)
  })
})
