import type { SearchableKnowledgeBase } from './knowledge-base-directory.ts'

/** The prompt of the knowledge bases, when they agree on one, then the caller's. Pure. */
export function instructionsFor(searched: readonly SearchableKnowledgeBase[], own: readonly string[] = []): string[] {
  const prompts = new Set(searched.map(({ answering }) => answering.prompt))
  // No one of them may speak for the others.
  const [agreed] = prompts.size === 1 ? prompts : []
  return [...(agreed === undefined ? [] : [agreed]), ...own]
}
