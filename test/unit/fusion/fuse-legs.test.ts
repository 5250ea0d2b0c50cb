import { expect } from 'chai'
import { describe, it } from 'mocha'
import { fuseLegs } from '../../../api/retrieval/hybrid.ts'
import { hydePlanner } from '../../../api/retrieval/hyde.ts'
import { multiQueryPlanner } from '../../../api/retrieval/multi-query.ts'
import type { RetrievalParts } from '../../../api/retrieval/parts.ts'
import type { RetrievalQuery } from '../../../api/retrieval/retriever.ts'
import type { FoundLeg, Planner, SearchPlan } from '../../../api/retrieval/search-plan.ts'
import { Stopwatch } from '../../../api/retrieval/stopwatch.ts'
import { TenantScope } from '../../../api/stores/postgres/tenant-scope.ts'
import { scriptedLlm } from '../../support/scripted-llm.ts'

const points = (scores: Record<string, number>) => Object.entries(scores).map(([id, score]) => ({ id, score, chunkId: id, documentId: 'd', knowledgeBaseId: 'k', position: 0, text: id, metadata: {} })) // prettier-ignore
/** Two lists that disagree: what words find, meaning does not. */
const found: Readonly<Record<FoundLeg['using'], FoundLeg['points']>> = {
  dense: points({ meant: 0.9, other: 0.5, third: 0.4 }),
  bm25: points({ worded: 9, other: 5, third: 1 }),
}
const worth = { dense: 0.1, bm25: 0.9 }
const leg = (name: string, using: FoundLeg['using']): FoundLeg => ({ name, using, text: 'q', points: found[using] })

describe('fusing legs of measured worth', () => {
  it('shares the worth of searching by meaning among the legs that do', () => {
    const two = fuseLegs([leg('dense', 'dense'), leg('bm25', 'bm25')], undefined, worth)
    const three = fuseLegs([leg('hypothetical', 'dense'), leg('dense', 'dense'), leg('bm25', 'bm25')], undefined, worth)
    expect(three.chunks.map(({ id }) => id)).to.deep.equal(two.chunks.map(({ id }) => id))
    expect(two.chunks[0]!.id).to.equal('worded')
    const weights = three.trace!['weights'] as Record<string, number>
    expect(weights['hypothetical']! + weights['dense']!).to.be.closeTo((two.trace!['weights'] as typeof worth).dense, 1e-9) // prettier-ignore
  })

  it('is what hyde and multi_query do', async () => {
    const llm = scriptedLlm('{"passage": "It is meant."}', '{"queries": ["How is it meant?"]}')
    for (const planner of [hydePlanner, multiQueryPlanner]) {
      const plan = await planner(measured, none)({ ...question, models: { llm, reranker: null } }, new Stopwatch())
      const { chunks, trace } = combined(plan)
      expect(trace!['leg_worth'], plan.retriever).to.deep.equal(worth)
      expect(chunks[0]!.id, plan.retriever).to.equal('worded')
    }
  })
})

function combined(plan: SearchPlan) {
  return plan.combine(plan.legs.map(one => ({ ...one, points: found[one.using] })))
}

const none: Planner = async () => {
  throw new Error('nobody should stand in')
}

const scope = new TenantScope({ id: 't', slug: 't', collection: 'c' })
const question: RetrievalQuery = { text: 'What is meant?', scope, knowledgeBaseIds: ['k'], topK: 5 }

/** Of a knowledge base in which words are worth nine times as much as meaning. */
const measured = {
  embedder: { fingerprint: 'f', model: 'm' },
  generations: { of: async () => ({ fingerprint: 'f', model: 'm', dimension: 3 }) },
  statistics: {
    of: async () => [{ legWorth: { meanReciprocalRank: worth, passages: 100, chunks: 500, fingerprint: 'f', measuredAt: '' } }], // prettier-ignore
  },
} as unknown as RetrievalParts
