import { CHUNKS_IN_DOCUMENT, type Corpus } from '../api/corpus.ts'
import { type FilledTenant, submit, untilReady } from '../api/fill.ts'
import type { Stack } from '../api/stack.ts'

const BATCH = 25

/** A knowledge base that is being filled: it remembers how many documents it was sent. */
export class Intake {
  readonly #stack: Stack
  readonly #tenant: FilledTenant
  readonly #corpus: Corpus
  readonly #chunks: number
  #sent = 0

  /** @param chunks of each document */
  constructor(stack: Stack, tenant: FilledTenant, corpus: Corpus, chunks = CHUNKS_IN_DOCUMENT) {
    this.#stack = stack
    this.#tenant = tenant
    this.#corpus = corpus
    this.#chunks = chunks
  }

  get sent(): number {
    return this.#sent
  }

  async send(documents: number): Promise<void> {
    for (let left = documents; left > 0; left -= BATCH) {
      const contents = Array.from({ length: Math.min(BATCH, left) }, () => this.#corpus.document(this.#chunks))
      await submit(this.#stack, this.#tenant, contents, this.#sent)
      this.#sent += contents.length
    }
  }

  /** All that was sent can be found. */
  async done(): Promise<void> {
    await untilReady(this.#stack, this.#tenant, this.#sent, 100)
  }
}
