import type { RemoteModel } from './remote-models.ts'

/** Counts tokens in a vocabulary; where it is not known, estimates. A vocabulary is 1 MB and is read when it is needed first. */
export async function tokenCounter(vocabulary: RemoteModel['vocabulary']): Promise<(text: string) => number> {
  if (vocabulary === null) return estimateTokens
  const { countTokens, setMergeCacheSize } = await import('gpt-tokenizer/encoding/cl100k_base')
  // Its cache of words, once full, takes longer to make room for one than to count it.
  setMergeCacheSize(0)
  const asText = { disallowedSpecial: new Set<string>() }
  return text => countTokens(text, asText)
}

const ASCII_A_TOKEN = 3

/**
 * Too many rather than too few for the vocabularies that embedding models have: three ASCII characters a token (English has
 * more than four), and one for each other character, as models see Chinese, Japanese and Korean. Pure.
 */
export function estimateTokens(text: string): number {
  const ascii = text.match(/\p{ASCII}/gu)?.length ?? 0
  const others = text.match(/\P{ASCII}/gu)?.length ?? 0
  return Math.ceil(ascii / ASCII_A_TOKEN) + others
}
