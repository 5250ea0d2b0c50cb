import { parse } from 'parse5'
import { decodeAs, encodingOf, refuseBlank } from './decode-text.ts'
import { findElement, mainContent, textContent } from './html-tree.ts'
import { HtmlText } from './html-text.ts'
import type { Parser } from './parser.ts'

/** The text that a reader of the page came for: no scripts, no navigation; headings become sections. */
export const htmlParser: Parser = {
  format: 'html',
  mediaTypes: ['text/html', 'application/xhtml+xml'],
  endings: ['html', 'htm', 'xhtml'],
  async parse(bytes) {
    const document = parse(decodeHtml(bytes))
    const { text, path } = new HtmlText().render(mainContent(document))
    const named = findElement(document, ({ tagName }) => tagName === 'title')
    const title = (named && textContent(named).replace(/\s+/g, ' ').trim()) || path.title
    return { text: refuseBlank(text), sections: path.sections, ...(title === undefined ? {} : { title }) }
  },
}

/** Browsers look for the declaration in the first 1,024 bytes; some pages have long comments before it. */
const DECLARATION_WITHIN = 4096

/** As browsers do it: byte order mark, declaration, UTF-8, and what is none is Windows-1252. */
function decodeHtml(bytes: Uint8Array): string {
  const marked = encodingOf(bytes)
  if (marked !== 'utf-8') return decodeAs(marked, bytes).replaceAll('\0', '')
  const head = Buffer.from(bytes.subarray(0, DECLARATION_WITHIN)).toString('latin1')
  const declared = /<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w:.-]+)/i.exec(head)?.[1] ?? /^<\?xml[^>]{0,200}?encoding=["']([\w:.-]+)/.exec(head)?.[1] // prettier-ignore
  const text = declared ? decodeAs(declared, bytes) : Buffer.from(bytes).toString('utf8')
  return (declared || !text.includes('\ufffd') ? text : decodeAs('windows-1252', bytes)).replaceAll('\0', '')
}
