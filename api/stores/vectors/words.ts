/** Letters, marks and digits; what is between them separates words. */
const RUNS = /[\p{L}\p{M}\p{N}_]+/gu
/** Scripts that are written without spaces between words. */
const UNSPACED = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}ー々〆]+|[^\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}ー々〆]+/gu // prettier-ignore
const IS_UNSPACED = /^[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}ー々〆]/u

/**
 * The different words of a metadata value that the operator `contains` can find: in lower case, compatibility forms
 * folded (NFKC: `Ｋ８ｓ` is `k8s`). In Chinese, Japanese, Thai and the like, every character and every pair of
 * neighbours is a word.
 */
export function words(text: string): Set<string> {
  const found = new Set<string>()
  for (const part of parts(text)) {
    if (typeof part === 'string') found.add(part)
    else {
      for (const character of part) found.add(character)
      for (const pair of pairs(part)) found.add(pair)
    }
  }
  return found
}

/**
 * The words that a text must have to contain `wanted`. The same as {@link words}, but that a run of an unspaced script
 * is asked for by its pairs, or as a single character.
 */
export function wantedWords(wanted: string): Set<string> {
  const asked = new Set<string>()
  for (const part of parts(wanted)) {
    if (typeof part === 'string') asked.add(part)
    else if (part.length === 1) asked.add(part[0] ?? '')
    else for (const pair of pairs(part)) asked.add(pair)
  }
  return asked
}

/** Spaced words as strings, runs of unspaced scripts as lists of their characters. */
function parts(text: string): (string | string[])[] {
  const runs = text.normalize('NFKC').toLowerCase().normalize('NFKC').match(RUNS) ?? []
  return runs.flatMap(run => (run.match(UNSPACED) ?? []).map(part => (IS_UNSPACED.test(part) ? [...part] : part)))
}

function pairs(characters: readonly string[]): string[] {
  return characters.slice(1).map((character, before) => `${characters[before]}${character}`)
}
