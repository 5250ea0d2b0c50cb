import { type Answer, type AnswerStatus, NOTHING_FOUND, nothingFound } from '../answer.ts'
import type { GradedDraft, SelfRagState, Support } from './state.ts'

/** Answers below this are about something else than was asked. */
export const LEAST_USEFUL = 3

const worth: Readonly<Record<Support, number>> = { full: 1, partial: 0.5, ungraded: 0.25, none: 0 }

/** The sentences that no source fully says. Pure. */
export function failedClaims({ sentences, support }: GradedDraft): string[] {
  return sentences.filter((_, place) => support[place] === 'none' || support[place] === 'partial')
}

export function isUseful({ usefulness }: GradedDraft): boolean {
  return usefulness === null || usefulness >= LEAST_USEFUL
}

/** The draft with most support, of equals the most useful, of equals the first. Pure. */
export function bestDraft(drafts: readonly GradedDraft[]): GradedDraft | null {
  const better = (a: GradedDraft, b: GradedDraft) =>
    meanSupport(b) - meanSupport(a) || (b.usefulness ?? 0) - (a.usefulness ?? 0)
  return [...drafts].sort(better)[0] ?? null
}

function meanSupport({ support }: GradedDraft): number {
  return support.length === 0 ? 0 : support.reduce((sum, one) => sum + worth[one], 0) / support.length
}

/**
 * The answer that the loop ends with. Pure. A draft of which no sentence has any support is not shown: it is invention.
 * @param exhausted whether it had to end because a limit was reached
 */
export function conclusion(state: SelfRagState, exhausted: boolean): { answer: Answer; draft: GradedDraft | null } {
  const drafts = [...state.drafts, ...ungraded(state)]
  const draft = bestDraft(drafts)
  if (!draft) {
    const status = exhausted ? 'budget_exhausted' : 'insufficient_evidence'
    return { answer: { text: state.reply ?? NOTHING_FOUND, status, citations: [] }, draft: null }
  }
  const status = statusOf(draft, exhausted)
  if (status === 'insufficient_evidence') return { answer: nothingFound, draft }
  return { answer: { ...draft.answer, status }, draft }
}

/** A draft that there was no budget left to grade. */
function ungraded({ draft }: SelfRagState): GradedDraft[] {
  return draft ? [{ ...draft, support: draft.sentences.map(() => 'ungraded' as const), usefulness: null }] : []
}

function statusOf(draft: GradedDraft, exhausted: boolean): AnswerStatus {
  const { support, answer } = draft
  if (support.every(one => one === 'none')) return 'insufficient_evidence'
  // "Supported" without a source to look at would be a claim of its own.
  if (support.every(one => one === 'full') && answer.citations.length > 0 && isUseful(draft)) return 'supported'
  return exhausted ? 'budget_exhausted' : 'partial'
}
