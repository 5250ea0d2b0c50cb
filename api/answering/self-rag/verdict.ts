import type { Relevance } from './state.ts'

/** CRAG's judgement of what was retrieved. */
export type Verdict = 'correct' | 'ambiguous' | 'incorrect'

/**
 * `correct`: something answers the question. `ambiguous`: something may help, or nobody knows. `incorrect`: nothing was
 * found, or nothing of it is about the question. Pure.
 */
export function verdictOn(grades: Iterable<Relevance>): Verdict {
  const all = new Set(grades)
  if (all.has('relevant')) return 'correct'
  return all.has('partial') || all.has('ungraded') ? 'ambiguous' : 'incorrect'
}
