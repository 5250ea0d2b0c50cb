import { isDeepStrictEqual } from 'node:util'
import type { Section } from '../../contract/section.ts'
import { refuseBlank } from './decode-text.ts'
import type { ParsedDocument } from './parser.ts'

/** Puts a text together from parts that each have a heading or a page of their own. */
export class TextBuilder {
  readonly #parts: string[] = []
  readonly #sections: Section[] = []
  #length = 0

  /** A part with its own sections, whose headings come below its `headings`. A blank one leaves no trace. */
  add(
    text: string,
    about: {
      readonly headings?: readonly string[]
      readonly page?: number
      readonly sections?: readonly Section[]
    } = {},
  ): void {
    const clean = text.replaceAll('\0', '').toWellFormed()
    if (clean.trim() === '') return
    if (this.#length > 0) this.#put('\n\n')
    const { headings = [], page, sections = [] } = about
    const start = this.#length
    const paged = page === undefined ? {} : { page }
    if (sections[0]?.start !== 0) this.#section({ start, headings, ...paged })
    for (const section of sections)
      this.#section({ start: start + section.start, headings: [...headings, ...section.headings], ...paged })
    this.#put(clean)
  }

  get isEmpty(): boolean {
    return this.#length === 0
  }

  /** @throws UnreadableDocument when nothing was added */
  build(title?: string): ParsedDocument {
    const text = refuseBlank(this.#parts.join(''))
    const clean = title
      ?.replace(/[\s\0]+/g, ' ')
      .trim()
      .toWellFormed()
    return { text, sections: this.#sections, ...(clean ? { title: clean } : {}) }
  }

  /** One that says the same as the one before it is no new one. */
  #section(section: Section): void {
    const { headings = [], page } = this.#sections.at(-1) ?? {}
    if (page !== section.page || !isDeepStrictEqual(headings, section.headings)) this.#sections.push(section)
  }

  #put(text: string): void {
    this.#parts.push(text)
    this.#length += text.length
  }
}
