import type { Answer } from '../answer.ts'

/** Self-RAG's ISREL; `ungraded` where the model's grades could not be read: kept, as it may be the one that answers. */
export type Relevance = 'relevant' | 'partial' | 'irrelevant' | 'ungraded'

/** Self-RAG's ISSUP of one sentence. */
export type Support = 'full' | 'partial' | 'none' | 'ungraded'

export interface Draft {
  readonly answer: Pick<Answer, 'text' | 'citations'>
  readonly sentences: readonly string[]
}

export interface GradedDraft extends Draft {
  /** Of each sentence. */
  readonly support: readonly Support[]
  /** Self-RAG's ISUSE, 1…5; null: not known. */
  readonly usefulness: number | null
}

/** What has to be done next. */
export type Phase = 'decide' | 'reply' | 'retrieve' | 'grade_passages' | 'rewrite' | 'generate' | 'grade_draft' | 'done'

/** Where the loop is. Sources are named by their numbers, which stay the same from the first retrieval to the answer. */
export interface SelfRagState {
  readonly phase: Phase
  /** What everything is graded against, whatever was searched for. */
  readonly question: string
  /** What to search for next. */
  readonly query: string
  /** What was searched for. */
  readonly queries: readonly string[]
  /** Whether to search for more than was asked for. */
  readonly wide: boolean
  readonly relevance: ReadonlyMap<number, Relevance>
  /** Found for the first time in the last retrieval, and not yet graded. */
  readonly fresh: readonly number[]
  readonly regenerations: number
  /** Written, and not yet graded. */
  readonly draft: Draft | null
  readonly drafts: readonly GradedDraft[]
  /** What was replied to something that needs no documents. */
  readonly reply: string | null
}

export function startOf(question: string): SelfRagState {
  return {
    phase: 'decide',
    question,
    query: question,
    queries: [],
    wide: false,
    relevance: new Map(),
    fresh: [],
    regenerations: 0,
    draft: null,
    drafts: [],
    reply: null,
  }
}

/** The sources that a draft may draw on, by number. Pure. */
export function usable({ relevance }: SelfRagState): number[] {
  return [...relevance].filter(([, grade]) => grade !== 'irrelevant').map(([number]) => number)
}
