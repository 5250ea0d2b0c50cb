import { HeadingPath } from './heading-path.ts'
import { type HtmlElement, type HtmlNode, isInvisible, textContent } from './html-tree.ts'

/** What an element puts before and after its text. */
const breaks: Readonly<Record<string, '\n' | '\n\n'>> = {
  ...Object.fromEntries(['p', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'ul', 'ol', 'dl', 'table', 'pre', 'blockquote', 'section', 'article', 'figure', 'details', 'hr'].map(tag => [tag, '\n\n'])), // prettier-ignore
  ...Object.fromEntries(['div', 'li', 'dt', 'dd', 'tr', 'caption', 'figcaption', 'summary', 'header', 'main', 'body', 'form', 'fieldset', 'address', 'br', 'option'].map(tag => [tag, '\n'])), // prettier-ignore
}

type Task = { readonly enter: HtmlNode; readonly preformatted: boolean } | { readonly leave: HtmlElement }

/** Writes the visible text of a page: blanks as browsers collapse them, blocks apart, cells of tables between `|`. */
export class HtmlText {
  readonly #path = new HeadingPath()
  readonly #parts: string[] = []
  #length = 0
  /** Blanks that are owed: written when text follows, never at the beginning or the end. */
  #owed = ''
  /** A list item's mark was just written: what opens inside of the item stays on its line. */
  #afterMark = false

  render(root: { readonly childNodes: readonly HtmlNode[] }): { text: string; path: HeadingPath } {
    // A list of tasks instead of recursion: a page may be nested 100,000 deep.
    const tasks: Task[] = root.childNodes.map(enter => ({ enter, preformatted: false })).reverse()
    for (let task = tasks.pop(); task; task = tasks.pop()) {
      if ('leave' in task) this.#leave(task.leave)
      else if ('value' in task.enter) this.#write(task.enter.value, task.preformatted)
      else if ('tagName' in task.enter && !isInvisible(task.enter)) {
        const element = task.enter
        const preformatted = task.preformatted || element.tagName === 'pre'
        this.#enter(element)
        tasks.push({ leave: element })
        for (let index = element.childNodes.length; index-- > 0;)
          tasks.push({ enter: element.childNodes[index]!, preformatted })
      }
    }
    return { text: this.#parts.join(''), path: this.#path }
  }

  #enter(element: HtmlElement): void {
    const { tagName } = element
    this.#owe(breaks[tagName] ?? '')
    if (tagName === 'li') {
      this.#put('- ')
      this.#afterMark = true
    }
    const level = /^h([1-6])$/.exec(tagName)?.[1]
    const title = level ? textContent(element).trim() : ''
    if (title !== '') {
      this.#pay()
      this.#path.add(this.#length, Number(level), title)
    }
  }

  #leave({ tagName }: HtmlElement): void {
    if (tagName === 'td' || tagName === 'th') this.#owe(' | ')
    else this.#owe(breaks[tagName] ?? '')
  }

  #write(text: string, preformatted: boolean): void {
    if (preformatted) {
      if (text !== '') this.#put(text)
      return
    }
    const words = text.replace(/[ \t\r\n\f]+/g, ' ')
    if (words.startsWith(' ')) this.#owe(' ')
    const bare = words.replace(/^ | $/g, '')
    if (bare !== '') this.#put(bare)
    if (bare !== '' && words.endsWith(' ')) this.#owe(' ')
  }

  /** The strongest of several blanks counts: a paragraph's before a line's before a cell's before a word's. */
  #owe(blank: string): void {
    const strength = (text: string) => ['', ' ', ' | ', '\n', '\n\n'].indexOf(text)
    if (!this.#afterMark && strength(blank) > strength(this.#owed)) this.#owed = blank
  }

  #put(text: string): void {
    this.#pay()
    this.#parts.push(text)
    this.#length += text.length
    this.#afterMark = false
  }

  #pay(): void {
    if (this.#length > 0 && this.#owed !== '') {
      this.#parts.push(this.#owed)
      this.#length += this.#owed.length
    }
    this.#owed = ''
  }
}
