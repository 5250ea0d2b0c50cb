import { readFile } from 'node:fs/promises'
import { Tokenizer } from '@huggingface/tokenizers'

/** Counts a text's tokens as the model sees them, without the special ones, by its own tokenizer.json. */
export async function tokenCounter(tokenizerPath: string): Promise<(text: string) => number> {
  const tokenizer = new Tokenizer(JSON.parse(await readFile(tokenizerPath, 'utf8')) as object, {})
  const special = tokenizer.encode('').ids.length
  return text => tokenizer.encode(text).ids.length - special
}
