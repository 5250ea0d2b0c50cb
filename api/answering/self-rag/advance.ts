import { failedClaims, isUseful } from './draft-quality.ts'
import type { SelfRagLimits } from './limits.ts'
import { type Draft, type GradedDraft, type Relevance, type SelfRagState, type Support, usable } from './state.ts'
import { verdictOn } from './verdict.ts'

/** What came of what was done, one kind a phase. */
export type Outcome =
  | { readonly phase: 'decide'; readonly retrieve: boolean }
  | { readonly phase: 'reply'; readonly text: string }
  | { readonly phase: 'retrieve'; readonly fresh: readonly number[] }
  | { readonly phase: 'grade_passages'; readonly grades: ReadonlyMap<number, Relevance> }
  /** Null: the model had no other words. */
  | { readonly phase: 'rewrite'; readonly query: string | null }
  /** Null: the model said that the sources do not answer. */
  | { readonly phase: 'generate'; readonly draft: Draft | null }
  | { readonly phase: 'grade_draft'; readonly support: readonly Support[]; readonly usefulness: number | null }

/** The state after an outcome: all that the loop decides is decided here. Pure. */
export function advance(state: SelfRagState, outcome: Outcome, limits: SelfRagLimits): SelfRagState {
  switch (outcome.phase) {
    case 'decide':
      return { ...state, phase: outcome.retrieve ? 'retrieve' : 'reply' }
    case 'reply':
      return { ...state, phase: 'done', reply: outcome.text }
    case 'retrieve':
      return retrieved({ ...state, queries: [...state.queries, state.query], fresh: outcome.fresh }, limits)
    case 'grade_passages':
      return judged(state, outcome.grades, limits)
    case 'rewrite':
      return rewritten(state, outcome.query)
    case 'generate':
      return outcome.draft ? { ...state, phase: 'grade_draft', draft: outcome.draft } : elsewhere(state, limits)
    case 'grade_draft': {
      const draft = { ...state.draft!, support: outcome.support, usefulness: outcome.usefulness }
      return graded({ ...state, draft: null, drafts: [...state.drafts, draft] }, draft, limits)
    }
  }
}

function retrieved(state: SelfRagState, limits: SelfRagLimits): SelfRagState {
  if (state.fresh.length > 0) return { ...state, phase: 'grade_passages' }
  // Nothing that was not there before: what was not good enough then is not now.
  return elsewhere(state, limits)
}

/** Judged is what is new: what was known before has had its draft. */
function judged(before: SelfRagState, grades: ReadonlyMap<number, Relevance>, limits: SelfRagLimits): SelfRagState {
  const state = { ...before, fresh: [], relevance: new Map([...before.relevance, ...grades]) }
  if (verdictOn(grades.values()) === 'incorrect') return elsewhere(state, limits)
  return { ...state, phase: 'generate' }
}

/** Searches in other words, while it may. */
function elsewhere(state: SelfRagState, limits: SelfRagLimits): SelfRagState {
  return { ...state, phase: state.queries.length < limits.iterations ? 'rewrite' : 'done' }
}

/** Words that were searched for already find nothing new: then more results are asked for, once. */
function rewritten(state: SelfRagState, query: string | null): SelfRagState {
  const known = new Set(state.queries.map(normal))
  if (query !== null && !known.has(normal(query))) return { ...state, phase: 'retrieve', query }
  if (state.wide) return { ...state, phase: 'done' }
  return { ...state, phase: 'retrieve', query: state.question, wide: true }
}

function graded(state: SelfRagState, draft: GradedDraft, limits: SelfRagLimits): SelfRagState {
  if (failedClaims(draft).length > 0) {
    if (state.regenerations >= limits.regenerations) return { ...state, phase: 'done' }
    return { ...state, phase: 'generate', regenerations: state.regenerations + 1 }
  }
  return isUseful(draft) ? { ...state, phase: 'done' } : elsewhere(state, limits)
}

function normal(query: string): string {
  return query
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

/** What a draft is to be made of, and what was wrong with the one before. Pure. */
export function briefing(state: SelfRagState): {
  readonly numbers: readonly number[]
  readonly failed: readonly string[]
} {
  const last = state.drafts.at(-1)
  return { numbers: usable(state), failed: last ? failedClaims(last) : [] }
}
