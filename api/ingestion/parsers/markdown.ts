import { Lexer, type Token } from 'marked'
import { parseFragment } from 'parse5'
import { parse as parseYaml } from 'yaml'
import { decodeText } from './decode-text.ts'
import { HeadingPath } from './heading-path.ts'
import { textContent } from './html-tree.ts'
import type { Parser } from './parser.ts'

/** Markdown stays as it is written: people read chunks, and models know it. Headings become sections. */
export const markdownParser: Parser = {
  format: 'markdown',
  mediaTypes: ['text/markdown', 'text/x-markdown'],
  endings: ['md', 'markdown', 'mdx', 'mkd'],
  async parse(bytes) {
    const text = decodeText(bytes)
    const front = frontMatter(text)
    const path = new HeadingPath()
    for (const { start, level, title } of headingsOf(text, front.length)) path.add(start, level, title)
    const title = front.title ?? path.title
    return { text, sections: path.sections, ...(title === undefined ? {} : { title }) }
  },
}

const LONGEST_FRONT_MATTER = 20_000

/** The YAML block between `---` lines at the very beginning. What is no YAML object is no front matter. */
function frontMatter(text: string): { length: number; title?: string } {
  const match = /^---[^\S\n]*\n([\s\S]*?)\n(?:---|\.\.\.)[^\S\n]*(?:\n|$)/.exec(text.slice(0, LONGEST_FRONT_MATTER))
  if (!match) return { length: 0 }
  try {
    const data: unknown = parseYaml(match[1]!, { maxAliasCount: 0 })
    if (typeof data !== 'object' || data === null) return { length: 0 }
    const title = (data as { title?: unknown }).title
    return {
      length: match[0].length,
      ...(typeof title === 'string' && title.trim() !== '' ? { title: title.trim() } : {}),
    }
  } catch {
    return { length: 0 }
  }
}

interface Heading {
  readonly start: number
  readonly level: number
  readonly title: string
}

/** Headings of the document itself: not those in code, quotes and lists, which are somebody else's. */
function headingsOf(text: string, from: number): Heading[] {
  const headings: Heading[] = []
  let start = from
  for (const token of blocks(text.slice(from))) {
    if (token.type === 'heading') {
      // Only blocks were taken apart, so the words are still marked up.
      headings.push({
        start,
        level: token.depth as number,
        title: withoutEntities(plain(Lexer.lexInline(token.text as string))),
      })
    }
    start += token.raw.length
  }
  return headings
}

/** More marks of quotes and lists than this on one line are an attack or an accident. */
const DEEPEST = 16
const tooDeep = new RegExp(String.raw`^(?:[ \t]*(?:>|[-+*]|\d{1,9}[.)])(?=[ \t>]|$)){${DEEPEST},}.*$`, 'gm')

/**
 * Top-level blocks; their `raw` texts together are as long as the text. marked takes a quote in a quote in a quote apart
 * by recursion, with time that grows with the square of the depth, so lines with too many marks are blanked out before.
 */
function blocks(text: string): Token[] {
  const unixLines = text.replaceAll('\r\n', ' \n').replaceAll('\r', '\n')
  const shallow = unixLines.replace(tooDeep, line => ' '.repeat(line.length))
  return new Lexer().blockTokens(shallow, [])
}

function plain(tokens: readonly Token[]): string {
  return tokens
    .map(token => {
      if ('tokens' in token && token.tokens) return plain(token.tokens)
      return token.type === 'html' ? '' : 'text' in token ? String(token.text) : ''
    })
    .join('')
}

/** `&amp;` and its like mean in Markdown what they mean in HTML. */
function withoutEntities(text: string): string {
  return /&#?\w+;/.test(text) ? textContent(parseFragment(text)) : text
}
