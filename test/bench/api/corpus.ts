import { seededRandom } from '../../support/random.ts'

/** Words with the frequencies of a language: a few in every text, most of them rare (Zipf). */
const VOCABULARY = 20_000
const WORDS_IN_CHUNK = 60
/** Chunks that one document is cut into. */
export const CHUNKS_IN_DOCUMENT = 20

const syllables = ['ba', 'co', 'di', 'fu', 'ga', 'hel', 'in', 'ka', 'lo', 'mer', 'no', 'pi', 'ra', 'sto', 'tu', 've']

function word(rank: number): string {
  let text = ''
  for (let rest = rank + 16; rest > 0; rest = Math.floor(rest / 16)) text += syllables[rest % 16]
  return text
}

/** Texts that are the same in every run. */
export class Corpus {
  readonly #random = seededRandom(20_260)

  #words(count: number): string[] {
    return Array.from({ length: count }, () => word(Math.floor(VOCABULARY ** this.#random()) - 1))
  }

  /** Paragraphs that the chunker `markdown` keeps apart, because each has a heading. */
  document(chunks = CHUNKS_IN_DOCUMENT): string {
    const paragraphs = Array.from({ length: chunks }, (_, number) => {
      return `## ${this.#words(3).join(' ')} ${number}\n\n${this.#words(WORDS_IN_CHUNK).join(' ')}.`
    })
    return paragraphs.join('\n\n')
  }

  query(): string {
    return this.#words(6).join(' ')
  }
}
