const vocabularies = {
  /** Of OpenAI's embedding models. */
  cl100k_base: () => import('gpt-tokenizer/encoding/cl100k_base'),
  /** Of OpenAI's newer language models. */
  o200k_base: () => import('gpt-tokenizer/encoding/o200k_base'),
}
export type Vocabulary = keyof typeof vocabularies

/** Counts tokens; a vocabulary is 1 or 2 MB and is read when it is needed first. */
export async function vocabularyCounter(name: Vocabulary): Promise<(text: string) => number> {
  const { countTokens, setMergeCacheSize } = await vocabularies[name]()
  // Its cache of words, once full, takes longer to make room for one than to count it.
  setMergeCacheSize(0)
  // Documents may hold `<|endoftext|>`; it is text here, and no command.
  const asText = { disallowedSpecial: new Set<string>() }
  return text => countTokens(text, asText)
}
