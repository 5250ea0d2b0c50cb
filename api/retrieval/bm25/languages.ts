import { stemmer as arabic } from '@orama/stemmers/arabic'
import { stemmer as danish } from '@orama/stemmers/danish'
import { stemmer as dutch } from '@orama/stemmers/dutch'
import { stemmer as finnish } from '@orama/stemmers/finnish'
import { stemmer as french } from '@orama/stemmers/french'
import { stemmer as german } from '@orama/stemmers/german'
import { stemmer as greek } from '@orama/stemmers/greek'
import { stemmer as hungarian } from '@orama/stemmers/hungarian'
import { stemmer as italian } from '@orama/stemmers/italian'
import { stemmer as norwegian } from '@orama/stemmers/norwegian'
import { stemmer as portuguese } from '@orama/stemmers/portuguese'
import { stemmer as romanian } from '@orama/stemmers/romanian'
import { stemmer as russian } from '@orama/stemmers/russian'
import { stemmer as spanish } from '@orama/stemmers/spanish'
import { stemmer as swedish } from '@orama/stemmers/swedish'
import { stemmer as turkish } from '@orama/stemmers/turkish'
import { stopwords as arabicStopWords } from '@orama/stopwords/arabic'
import { stopwords as danishStopWords } from '@orama/stopwords/danish'
import { stopwords as dutchStopWords } from '@orama/stopwords/dutch'
import { stopwords as finnishStopWords } from '@orama/stopwords/finnish'
import { stopwords as frenchStopWords } from '@orama/stopwords/french'
import { stopwords as germanStopWords } from '@orama/stopwords/german'
import { stopwords as greekStopWords } from '@orama/stopwords/greek'
import { stopwords as hungarianStopWords } from '@orama/stopwords/hungarian'
import { stopwords as italianStopWords } from '@orama/stopwords/italian'
import { stopwords as norwegianStopWords } from '@orama/stopwords/norwegian'
import { stopwords as portugueseStopWords } from '@orama/stopwords/portuguese'
import { stopwords as romanianStopWords } from '@orama/stopwords/romanian'
import { stopwords as russianStopWords } from '@orama/stopwords/russian'
import { stopwords as spanishStopWords } from '@orama/stopwords/spanish'
import { stopwords as swedishStopWords } from '@orama/stopwords/swedish'
import { stopwords as turkishStopWords } from '@orama/stopwords/turkish'
import { stem as porter2 } from 'porter2'
import { englishStopWords } from './stop-words.ts'

/** How the words of a language become terms: Snowball's stemmers. */
export interface Language {
  readonly code: string
  /** Of a word in lower case, with its accents. */
  readonly stem: (word: string) => string
  /** In lower case. */
  readonly stopWords: ReadonlySet<string>
}

function language(code: string, stem: Language['stem'], stopWords: Iterable<string>): Language {
  return { code, stem, stopWords: new Set(stopWords) }
}

/** What a text is taken for that has no sign of another language. */
export const english = language('en', porter2, englishStopWords)

/** Those that are written in Latin letters; which of them a text is in, its stop words tell. */
export const latinLanguages: readonly Language[] = [
  english,
  language('da', danish, danishStopWords),
  language('nl', dutch, dutchStopWords),
  language('fi', finnish, finnishStopWords),
  language('fr', french, frenchStopWords),
  language('de', german, germanStopWords),
  language('hu', hungarian, hungarianStopWords),
  language('it', italian, italianStopWords),
  language('no', norwegian, norwegianStopWords),
  language('pt', portuguese, portugueseStopWords),
  language('ro', romanian, romanianStopWords),
  language('es', spanish, spanishStopWords),
  language('sv', swedish, swedishStopWords),
  language('tr', turkish, turkishStopWords),
]

/** Of the other scripts each is taken for its largest language; a wrong end is cut alike in documents and questions. */
export const scriptLanguages: readonly { readonly script: RegExp; readonly language: Language }[] = [
  { script: /^\p{Script=Cyrillic}+$/u, language: language('ru', russian, russianStopWords) },
  { script: /^\p{Script=Greek}+$/u, language: language('el', greek, greekStopWords) },
  { script: /^\p{Script=Arabic}+$/u, language: language('ar', arabic, arabicStopWords) },
]
