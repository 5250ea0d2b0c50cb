/** One candidate of maximal marginal relevance. */
export interface MmrItem {
  readonly id: string
  /** 0…1, bigger is better. */
  readonly relevance: number
}

/** How much relevance counts beside being different: the usual value. */
export const MMR_LAMBDA = 0.7

/**
 * Maximal marginal relevance (Carbonell and Goldstein 1998): again and again the item that is relevant and unlike those
 * that were taken before it. Pure; quadratic in the number of items.
 *
 * @param similarity of two items, 0…1
 * @returns all items with the value that each was taken for, which never rises
 */
export function maximalMarginalRelevance(
  items: readonly MmrItem[],
  similarity: (a: string, b: string) => number,
  lambda = MMR_LAMBDA,
): { readonly id: string; readonly value: number }[] {
  const left = new Map(items.map(({ id, relevance }) => [id, { relevance, likeness: 0 }]))
  const taken: { id: string; value: number }[] = []
  while (left.size > 0) {
    const best = [...left]
      .map(([id, { relevance, likeness }]) => ({ id, value: lambda * relevance - (1 - lambda) * likeness }))
      .reduce((a, b) => (b.value > a.value ? b : a))
    taken.push(best)
    left.delete(best.id)
    for (const [id, item] of left) item.likeness = Math.max(item.likeness, similarity(id, best.id))
  }
  return taken
}

/** How many of the terms two texts share: for where there are no embeddings. */
export function overlap(a: ReadonlySet<unknown>, b: ReadonlySet<unknown>): number {
  const shared = [...a].filter(term => b.has(term)).length
  const all = a.size + b.size - shared
  return all > 0 ? shared / all : 0
}
