import { type Language, english, latinLanguages } from './languages.ts'

/** Enough to tell a language by, however long the text is. */
const MOST_WORDS = 300

const speakers = new Map<string, Language[]>()
for (const language of latinLanguages)
  for (const word of language.stopWords) speakers.set(word, [...(speakers.get(word) ?? []), language])

/**
 * The language of a text in Latin letters: that in which most of its words are stop words. English, where none stands out.
 * A text that is taken for the wrong one is found all the same, because questions are spelled in all of them (analyzer.ts).
 *
 * @param lead so many more stop words than English ones: a single one may be anything, a name or a command
 */
export function languageOf(text: string, lead = 2): Language {
  const seen = new Map<Language, number>()
  let words = 0
  for (const [word] of text.matchAll(latinWord)) {
    if (++words > MOST_WORDS) break
    for (const language of speakers.get(word.toLowerCase()) ?? []) seen.set(language, (seen.get(language) ?? 0) + 1)
  }
  const [best] = [...seen].sort(([, a], [, b]) => b - a)
  return best && best[1] >= (seen.get(english) ?? 0) + lead ? best[0] : english
}

/** Of two letters or more: a single one is as often an initial or a unit. */
const latinWord = /[\p{Script=Latin}\p{M}]{2,}/gu
