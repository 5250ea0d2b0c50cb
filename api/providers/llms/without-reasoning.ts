const OPENING = '<think>'
const CLOSING = '</think>'

type State = 'undecided' | 'thinking' | 'thought' | 'answering'

/**
 * Leaves out what a model thought before it answered. Services mostly give that in a field of its own, which is not read;
 * a vLLM without a reasoning parser, an older Ollama and many gateways give it as the beginning of the text. Made for one
 * answer, which may come in pieces of any length.
 */
export class WithoutReasoning {
  #state: State = 'undecided'
  #held = ''

  /** What is answer, as far as it is known after this piece; often nothing. */
  push(piece: string): string {
    if (this.#is('answering')) return piece
    this.#held += piece
    if (this.#is('undecided')) this.#decide()
    if (this.#is('thinking')) this.#endThought()
    if (this.#is('thought')) this.#beginAnswer()
    return this.#is('answering') ? this.#release() : ''
  }

  /** The rest, when no more comes: of an answer that is shorter than a tag. An unfinished thought is no answer. */
  end(): string {
    return this.#is('undecided') ? this.#release() : ''
  }

  #is(state: State): boolean {
    return this.#state === state
  }

  #decide(): void {
    const start = this.#held.trimStart()
    if (start.startsWith(OPENING)) this.#state = 'thinking'
    else if (!OPENING.startsWith(start)) this.#state = 'answering'
  }

  #endThought(): void {
    const end = this.#held.indexOf(CLOSING)
    if (end < 0) return
    this.#held = this.#held.slice(end + CLOSING.length)
    this.#state = 'thought'
  }

  /** With its first letter: between thought and answer are empty lines. */
  #beginAnswer(): void {
    this.#held = this.#held.trimStart()
    if (this.#held !== '') this.#state = 'answering'
  }

  #release(): string {
    const held = this.#held
    this.#held = ''
    return held
  }
}

/** The same for an answer that came whole. */
export function withoutReasoning(text: string): string {
  const filter = new WithoutReasoning()
  return filter.push(text) + filter.end()
}
