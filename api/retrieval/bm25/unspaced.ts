import { createRequire } from 'node:module'
import type jieba from 'jieba-wasm'
import { hanFunctionCharacters, hiraganaStopWords } from './stop-words.ts'

const require = createRequire(import.meta.url)
let loaded: typeof jieba | undefined

/** The dictionary is 12 MB in memory: only who meets Chinese characters loads it. */
function dictionary(): typeof jieba {
  return (loaded ??= require('jieba-wasm') as typeof jieba)
}

/** Scripts written without spaces between words. Each function gets one run of one script. */

/**
 * Chinese characters: the words of jieba's dictionary, long ones also in their parts. Without jieba's guesses about
 * unknown words (HMM), which depend on the neighbours, so that a question and a document could be cut differently: what
 * the dictionary lacks stays single characters. Beside a single character, neighbours also give a pair: Japanese words
 * and names, which a dictionary of Chinese lacks, are found that way (検索 → 検 索 検索).
 */
export function hanTerms(run: string): string[] {
  if (run.length === 1) return [run]
  const terms = dictionary().cut_for_search(run, false)
  const words = dictionary().cut(run, false)
  for (let index = 1; index < words.length; index++) {
    const before = [...words[index - 1]!]
    const after = [...words[index]!]
    if (before.length > 1 && after.length > 1) continue
    const left = before.at(-1)!
    const right = after[0]!
    if (!hanFunctionCharacters.has(left) && !hanFunctionCharacters.has(right)) terms.push(left + right)
  }
  return terms
}

const japanese = new Intl.Segmenter('ja', { granularity: 'word' })

/** Hiragana or katakana, cut apart from the kanji around it, so that the same word is cut the same way everywhere. */
export function kanaTerms(run: string): string[] {
  return segments(japanese, run).filter(word => word.length > 1 && !hiraganaStopWords.has(word))
}

/** Thai, Lao, Khmer, Burmese: ICU has a dictionary for each and finds the script by itself. */
const southEastAsian = new Intl.Segmenter('th', { granularity: 'word' })

export function southEastAsianTerms(run: string): string[] {
  return segments(southEastAsian, run)
}

/** Korean puts particles at the end of words; pairs of syllables match in spite of them, without a dictionary. */
export function hangulTerms(run: string): string[] {
  const syllables = [...run]
  if (syllables.length === 1) return syllables
  return syllables.slice(1).map((syllable, index) => syllables[index]! + syllable)
}

function segments(segmenter: Intl.Segmenter, run: string): string[] {
  return Array.from(segmenter.segment(run), part => part.segment)
}
