/** What fusion needs of a found point. Bigger scores are better; the scale is the leg's own. */
export interface Ranked {
  readonly id: string
  readonly score: number
}

/**
 * A leg's list as the fusions expect it: best first, ties by id so that equal inputs give equal outputs, each id once
 * with its best score.
 */
export function ranking(items: readonly Ranked[]): Ranked[] {
  const best = new Map<string, number>()
  for (const { id, score } of items) best.set(id, Math.max(score, best.get(id) ?? -Infinity))
  return [...best].map(([id, score]) => ({ id, score })).sort(byScoreThenId)
}

/** Bigger scores first, equal ones by id. */
export function byScoreThenId(a: Ranked, b: Ranked): number {
  return b.score - a.score || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
}
