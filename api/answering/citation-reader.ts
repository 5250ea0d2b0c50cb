import { type Answer, type AnswerPiece, type Citation, NOTHING_FOUND, type NumberedSources } from './answer.ts'
import { type AnswerToken, firstToken } from './answer-token.ts'
import { sentences } from './sentences.ts'
import { supportingSpan } from './supporting-span.ts'
import type { Analyze, TermWeight } from './term-overlap.ts'

/**
 * Reads what a model writes, in whatever pieces it comes, and gives what may be shown of it: every `[n]` that names a
 * source becomes a citation that points at the sentence of the source that says most of what was claimed; every other
 * number is taken out, also when it comes in two halves. What is given never has to be taken back: the texts of all
 * pieces together are the answer's.
 */
export class CitationReader {
  readonly #sources: NumberedSources
  readonly #analyze: Analyze
  readonly #weight: TermWeight
  #rest = ''
  #fenced = false
  /** White space that is shown only when something follows it. */
  #space = ''
  #shown = ''
  /** What was written so far, without markers: where claims are looked for. */
  #claims = ''
  readonly #citations: Citation[] = []
  #insufficient = false

  /** @param weight how telling a term is, from the statistics of the knowledge bases */
  constructor(sources: NumberedSources, analyze: Analyze, weight: TermWeight) {
    this.#sources = sources
    this.#analyze = analyze
    this.#weight = weight
  }

  /** Takes the next piece, and gives what can be shown now: maybe nothing. */
  read(delta: string): AnswerPiece {
    this.#rest += delta
    return this.#show(false)
  }

  /** Nothing comes any more: gives what is left. */
  end(): AnswerPiece {
    const { text, citations } = this.#show(true)
    if (this.#shown !== '') return { text, citations }
    this.#insufficient = true
    this.#shown = NOTHING_FOUND
    return { text: NOTHING_FOUND, citations: [] }
  }

  /** All that was shown. An answer that no source supports keeps its text, and its status says so. */
  get answer(): Answer {
    const supported = this.#citations.length > 0 && !this.#insufficient
    return {
      text: this.#shown,
      status: supported ? 'supported' : 'insufficient_evidence',
      citations: this.#citations,
    }
  }

  #show(whole: boolean): AnswerPiece {
    const before = { shown: this.#shown.length, citations: this.#citations.length }
    while (this.#rest !== '' && !this.#insufficient) {
      const token = firstToken(this.#rest, this.#fenced, whole)
      if (!token) break
      const written = this.#rest.slice(0, token.length)
      this.#rest = this.#rest.slice(token.length)
      this.#take(token, written)
    }
    return { text: this.#shown.slice(before.shown), citations: this.#citations.slice(before.citations) }
  }

  #take(token: AnswerToken, written: string): void {
    switch (token.kind) {
      case 'insufficient':
        this.#insufficient = true
        return
      case 'marker':
        return this.#cite(token.numbers)
      case 'fence':
        this.#fenced = !this.#fenced
        return this.#write(written)
      case 'text':
        return this.#write(written)
    }
  }

  #write(text: string): void {
    this.#claims += text
    const content = this.#shown === '' ? (this.#space + text).trimStart() : this.#space + text
    const shown = content.trimEnd()
    this.#shown += shown
    this.#space = content.slice(shown.length)
  }

  #cite(numbers: readonly number[]): void {
    const named = numbers.filter(number => this.#sources.has(number))
    const blank = /[ \t]*$/.exec(this.#space)![0]
    this.#space = this.#space.slice(0, this.#space.length - blank.length)
    if (named.length > 0) {
      const claim = this.#claim()
      this.#shown += `${this.#space}${blank && this.#shown ? ' ' : ''}${named.map(number => `[${number}]`).join('')}`
      this.#space = ''
      named.forEach(number => this.#point(number, claim))
    }
    this.#claims += ' '
  }

  /** The sentence that a marker here closes. */
  #claim(): string {
    const last = sentences(this.#claims).at(-1)
    return last ? this.#claims.slice(last.start, last.end) : ''
  }

  #point(index: number, claim: string): void {
    const source = this.#sources.get(index)!
    const span = supportingSpan(claim, source, this.#analyze, this.#weight)
    const known = this.#citations.some(other => other.index === index && other.span.start === span.start)
    if (!known) this.#citations.push({ index, chunkId: source.chunkId, documentId: source.documentId, span })
  }
}
