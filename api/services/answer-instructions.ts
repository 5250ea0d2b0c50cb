import { readAnswering } from '../contract/answering.ts'
import type { TenantScope } from '../stores/postgres/tenant-scope.ts'
import type { SearchableKnowledgeBase } from './knowledge-base-directory.ts'

/** The prompt of the knowledge bases, when they agree on one, else their tenant's; then the caller's. Pure. */
export function instructionsFor(
  { settings }: TenantScope,
  searched: readonly SearchableKnowledgeBase[],
  own: readonly string[] = [],
): string[] {
  const prompts = new Set(searched.map(({ answering }) => answering.prompt))
  // No one of them may speak for the others.
  const [agreed] = prompts.size === 1 ? prompts : []
  const prompt = agreed ?? readAnswering(settings).prompt
  return [...(prompt === undefined ? [] : [prompt]), ...own]
}
