type Relevance = ReadonlyMap<string, number>

/**
 * nDCG of a ranking of document ids, cut at `depth`: gain is the grade, discount is log2(rank + 1), as trec_eval and BEIR
 * compute it. 0…1; NaN without a relevant document.
 */
export function ndcg(ranking: readonly string[], relevance: Relevance, depth: number): number {
  const gains = ranking.slice(0, depth).map(id => relevance.get(id) ?? 0)
  const ideal = [...relevance.values()].sort((a, b) => b - a).slice(0, depth)
  return discounted(gains) / discounted(ideal)
}

/** Share of the relevant documents that are among the first `depth`. 0…1; NaN without a relevant document. */
export function recall(ranking: readonly string[], relevance: Relevance, depth: number): number {
  const relevant = [...relevance].filter(([, grade]) => grade > 0).map(([id]) => id)
  const found = new Set(ranking.slice(0, depth))
  return relevant.filter(id => found.has(id)).length / relevant.length
}

/** One over the rank of the first relevant document among the first `depth`, 0 when none is; its mean is the MRR. */
export function reciprocalRank(ranking: readonly string[], relevance: Relevance, depth: number): number {
  const first = ranking.slice(0, depth).findIndex(id => (relevance.get(id) ?? 0) > 0)
  return first === -1 ? 0 : 1 / (first + 1)
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function discounted(gains: readonly number[]): number {
  return gains.reduce((sum, gain, index) => sum + gain / Math.log2(index + 2), 0)
}
