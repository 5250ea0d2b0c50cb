import { type Language, english, scriptLanguages } from './languages.ts'

/** A term as each language would spell it: the same ones once. */
export type Spellings = readonly string[]

/** What a text is taken for. */
export interface Reading {
  /** That its words may be of: of a document one, of a question all. */
  readonly languages: readonly Language[]
  /** Whose stop words are left out. */
  readonly stopWordsOf: Language
}

/**
 * Terms of one token of a script that has spaces: a word, or words and numbers joined by `- / . _ : + ' @`. A code
 * (anything joined that has a digit or an underscore) is kept whole beside its parts, so that `AB-1234/5` is found by
 * itself and by `1234`; joined words without digits give their parts only.
 *
 * @param emphasised the token is in capitals and its text is not: then IT and WHO are names, not stop words
 */
export function wordTerms(token: string, reading: Reading, emphasised: boolean): Spellings[] {
  if (plainWord.test(token)) return simpleTerms(token, reading, emphasised)
  const joined = token.replace(thousandsComma, '').replace(clitic, '')
  const parts = joined.split(joiner).filter(part => part !== '')
  const terms = parts.flatMap(part => simpleTerms(part, reading, emphasised))
  const whole = fold(joined)
  if (isCode(whole, parts.length)) terms.push([whole])
  const version = /^v(\d+(?:\.\d+)+)$/.exec(whole)?.[1]
  if (version) terms.push([version])
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
function simpleTerms(run: string, { languages, stopWordsOf }: Reading, emphasised: boolean): Spellings[] {
  const terms = piecesOf(run).map(piece => spellings(piece, languages))
  if (emphasised || !isStopWord(run, stopWordsOf)) terms.push(spellings(run, languages))
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

function spellings(word: string, languages: readonly Language[]): Spellings {
  return [...new Set(languages.map(language => stemmed(word, language)))]
}

/**
 * The stem bears its language, or the same letters of another one would meet it; English ones are bare, as are those of scripts that say
 * the language themselves.
 */
function stemmed(word: string, language: Language): string {
  const folded = fold(word)
  if (word.length > LONGEST_WORD) return folded
  const other = languageOfScript(folded)
  if (other) return other.stem(folded)
  if (language === english) return /^[a-z]+$/.test(folded) ? english.stem(folded) : folded
  // Stemmers know endings by their accents; people leave accents out, so they go afterwards.
  return /^\p{Script=Latin}+$/u.test(word) ? `${language.code}:${fold(language.stem(word.toLowerCase()))}` : folded
}

function isStopWord(word: string, language: Language): boolean {
  const folded = fold(word)
  const { stopWords } = languageOfScript(folded) ?? language
  return stopWords.has(folded) || stopWords.has(word.toLowerCase())
}

function languageOfScript(word: string): Language | undefined {
  // Latin letters and their marks end here.
  if (word.charCodeAt(0) < 0x0370) return undefined
  return scriptLanguages.find(({ script }) => script.test(word))?.language
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
