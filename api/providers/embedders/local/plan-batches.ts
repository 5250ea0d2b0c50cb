/** Most texts of one inference. */
const MAX_TEXTS = 32

/**
 * Most characters of one inference, the padding of shorter texts included. Measured with 1,000-character chunks on 2
 * cores: from 4 texts on a batch gets no cheaper a text, and a question waits for the batch that is running.
 */
const MAX_CHARACTERS = 4000

/**
 * Splits texts into batches for the model, as positions in `texts`. Texts of like length go together, because every text
 * of a batch is padded to the longest. Longest first, so that memory is asked for once. Pure.
 */
export function planBatches(
  texts: readonly string[],
  maxTexts = MAX_TEXTS,
  maxCharacters = MAX_CHARACTERS,
): number[][] {
  const positions = [...texts.keys()].sort((a, b) => texts[b]!.length - texts[a]!.length || a - b)
  const batches: number[][] = []
  let capacity = 0
  for (const position of positions) {
    const batch = batches.at(-1)
    if (batch && batch.length < capacity) {
      batch.push(position)
      continue
    }
    // The first is the longest, so it says how many fit.
    capacity = Math.min(maxTexts, Math.max(1, Math.floor(maxCharacters / Math.max(1, texts[position]!.length))))
    batches.push([position])
  }
  return batches
}
