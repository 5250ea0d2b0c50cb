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
