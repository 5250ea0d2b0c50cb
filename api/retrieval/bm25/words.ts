import { stem } from 'porter2'
import { englishStopWords } from './stop-words.ts'

/**
 * Terms of one token of a script that has spaces: a word, or words and numbers joined by `- / . _ : + ' @`. A code
 * (anything joined that has a digit or an underscore) is kept whole beside its parts, so that `AB-1234/5` is found by
 * itself and by `1234`; joined words without digits give their parts only.
 *
 * @param emphasised the token is in capitals and its text is not: then IT and WHO are names, not stop words
 */
export function wordTerms(token: string, emphasised: boolean): string[] {
  if (plainWord.test(token)) return simpleTerms(token, emphasised)
  const joined = token.replace(thousandsComma, '').replace(clitic, '')
  const parts = joined.split(joiner).filter(part => part !== '')
  const terms = parts.flatMap(part => simpleTerms(part, emphasised))
  const whole = fold(joined)
  if (isCode(whole, parts.length)) terms.push(whole)
  const version = /^v(\d+(?:\.\d+)+)$/.exec(whole)?.[1]
  if (version) terms.push(version)
  return terms
}

/** Letters only, in one case (or with a capital first), ASCII: nine tokens of ten in English. */
const plainWord = /^[A-Za-z]?[a-z]*$/
const thousandsComma = /(?<=\d),(?=\d{3}(?!\d))/g
const clitic = /['’](?:s|t|d|m|ll|re|ve)$/i
const joiner = /[-/._:+'’@,#]/

/** `c++` and `c#` are codes too: one part, and something behind it. */
function isCode(whole: string, parts: number): boolean {
  if (/^\p{L}+(?:\+\+|#)$/u.test(whole)) return true
  return parts > 1 && /[\d_]/.test(whole)
}

/** A run of letters and digits: itself, and what it is put together from (`10mm`, `220V`, `ISO9001`, `chunkOverlap`). */
function simpleTerms(run: string, emphasised: boolean): string[] {
  const folded = fold(run)
  const terms = piecesOf(run).map(fold).map(stemmed)
  if (emphasised || !englishStopWords.has(folded)) terms.push(stemmed(folded))
  return terms
}

/**
 * Of two pieces the longer ones, because one letter says nothing by itself: `220V` is found by `220 V`, and `P200` meets
 * `P-200`. More pieces with a single character among them are a serial number or encoded data.
 */
function piecesOf(run: string): string[] {
  const pieces = run.split(pieceBoundary)
  if (pieces.length < 2) return []
  const telling = pieces.filter(piece => piece.length > 1)
  return pieces.length === 2 || telling.length === pieces.length ? telling : []
}

const pieceBoundary = /(?<=\p{Ll})(?=\p{Lu})|(?<=\p{L})(?=\d)|(?<=\d)(?=\p{L})/u

/** Longer strings of letters are keys and encoded data. */
const LONGEST_WORD = 40

/**
 * English stemming for whatever is spelled like English. For a word of another language it may cut a wrong end, but the
 * same one in document and question, and two-word questions are too short to tell their language.
 */
function stemmed(word: string): string {
  return word.length <= LONGEST_WORD && /^[a-z]+$/.test(word) ? stem(word) : word
}

/** Lower case, and without the marks that people leave out when they type: accents, Arabic vowels, Hebrew points. */
function fold(token: string): string {
  const lower = token.toLowerCase()
  if (/^[\0-\x7f]*$/.test(lower)) return lower
  const bare = lower
    .replace(/[\u0591-\u05c7]|\u0640|[\u064b-\u065f]|\u0670/g, '')
    .replace(/[ßæœøłđıςё]/g, letter => spelled[letter]!)
  return /[\p{Script=Latin}\p{Script=Greek}]/u.test(bare) ? bare.normalize('NFD').replace(/[\u0300-\u036f]/g, '') : bare
}

/** Letters that are no letter with a mark, and yet are typed as other ones. */
const spelled: Record<string, string> = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ı: 'i', ς: 'σ', ё: 'е' }
