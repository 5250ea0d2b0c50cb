import type { Section } from '../../contract/section.ts'

const LONGEST_HEADING = 300

/** Collects a document's headings, in order, into sections with the path from the outermost heading to each. */
export class HeadingPath {
  readonly sections: Section[] = []
  #open: { readonly level: number; readonly title: string }[] = []

  /** @param level 1 is the outermost */
  add(start: number, level: number, title: string): void {
    const clean = title.replace(/\s+/g, ' ').trim().slice(0, LONGEST_HEADING).toWellFormed()
    this.#open = [...this.#open.filter(heading => heading.level < level), { level, title: clean }]
    const headings = this.#open.map(heading => heading.title).filter(text => text !== '')
    this.sections.push({ start, headings })
  }

  /** The first outermost heading, which most documents use as their title. */
  get title(): string | undefined {
    return this.sections.find(({ headings }) => headings.length > 0)?.headings[0]
  }
}
