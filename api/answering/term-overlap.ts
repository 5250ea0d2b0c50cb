/** Cuts a text into searchable terms, as the BM25 index does. */
export type Analyze = (text: string) => readonly string[]

/** How much a term tells: rare ones much, frequent ones little; above 0 for every term, known or not. */
export type TermWeight = (term: string) => number

/** A question as a bag of weighted terms, and how much of it a text touches. */
export class TermOverlap {
  readonly #analyze: Analyze
  readonly #weights: ReadonlyMap<string, number>
  readonly #total: number

  constructor(question: string, analyze: Analyze, weight: TermWeight) {
    this.#analyze = analyze
    this.#weights = new Map([...new Set(analyze(question))].map(term => [term, weight(term)]))
    this.#total = [...this.#weights.values()].reduce((sum, value) => sum + value, 0)
  }

  /** The question's terms that the text has. */
  shared(text: string): Set<string> {
    return new Set(this.#analyze(text).filter(term => this.#weights.has(term)))
  }

  /** Their share of the question's weight: 0 none, 1 all of it. */
  coverage(terms: Iterable<string>): number {
    if (this.#total === 0) return 0
    return [...terms].reduce((sum, term) => sum + (this.#weights.get(term) ?? 0), 0) / this.#total
  }
}
