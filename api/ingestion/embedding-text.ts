import { titlePath } from './enrichers/title-path.ts'
import type { TokensAtMost } from './reading-limits.ts'

export interface ChunkInContext {
  readonly text: string
  readonly title: string
  readonly headings: readonly string[]
  /** What an LLM says of it (enrichers/); absent or null: nobody was asked. */
  readonly context?: string | null
}

/**
 * What is embedded and analysed for a chunk: the titles that it stands under, what an LLM says of it, then its text. The text
 * that is stored and shown stays as it is.
 *
 * @param limits what the model reads; what stands before the text gives way, never the text
 */
export function embeddingText(
  chunk: ChunkInContext,
  limits: { readonly characters: number; readonly header?: TokensAtMost } = { characters: Infinity },
): string {
  const text = withoutRules(chunk.text)
  const header = [titlePath(chunk.title, chunk), chunk.context ?? ''].filter(part => part !== '').join('\n')
  const room = limits.characters - text.length - 1
  if (header === '' || room < 1) return text
  return `${withinTokens(header.slice(0, room), limits.header).toWellFormed()}\n${text}`
}

function withinTokens(header: string, limit: TokensAtMost | undefined): string {
  if (!limit) return header
  for (let tokens = limit.count(header); tokens > limit.most; tokens = limit.count(header))
    header = header.slice(0, Math.floor((header.length * limit.most) / tokens))
  return header
}

/**
 * Rules and the lines below a table's head (`| ------- |`), shortened: the model takes each dash for a token of its own, so
 * they cost as much time as words and say nothing. A fifth of the tokens of this project's own pages.
 */
function withoutRules(text: string): string {
  return text.replace(/([-=_*~.])\1{3,}/g, '$1$1$1')
}
