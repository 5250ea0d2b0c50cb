import { getDocumentProxy } from 'unpdf'
import { type Parser, UnreadableDocument } from './parser.ts'
import { TextBuilder } from './text-builder.ts'

type Pdf = Awaited<ReturnType<typeof getDocumentProxy>>

/** Text page by page, as it stands in the file; the bookmarks say what each page is about. */
export const pdfParser: Parser = {
  format: 'pdf',
  mediaTypes: ['application/pdf'],
  endings: ['pdf'],
  async parse(bytes) {
    const pdf = await open(bytes)
    try {
      return await read(pdf)
    } finally {
      await pdf.loadingTask.destroy()
    }
  },
}

async function open(bytes: Uint8Array): Promise<Pdf> {
  try {
    // A copy: the library takes the buffer away from its caller.
    return await getDocumentProxy(Uint8Array.from(bytes), { verbosity: 0 })
  } catch (cause) {
    const { name, message } = cause as Error
    if (name === 'PasswordException')
      throw new UnreadableDocument('the PDF is encrypted; save it without a password', { cause })
    throw new UnreadableDocument(`the PDF is damaged: ${message}; save it again from where it was made`, { cause })
  }
}

async function read(pdf: Pdf) {
  const headings = await bookmarks(pdf)
  const builder = new TextBuilder()
  for (let number = 1; number <= pdf.numPages; number++)
    builder.add(await pageText(pdf, number), { page: number, headings: headingAt(headings, number) })
  if (builder.isEmpty)
    throw new UnreadableDocument(`the PDF has ${pdf.numPages} pages and no text in it: they are pictures; run text recognition (OCR) on it first`) // prettier-ignore
  const { info } = await pdf.getMetadata()
  const { Title: title } = info as { Title?: unknown }
  return builder.build(typeof title === 'string' ? title : undefined)
}

async function pageText(pdf: Pdf, number: number): Promise<string> {
  const page = await pdf.getPage(number)
  const { items } = await page.getTextContent()
  page.cleanup()
  const text = items.map(item => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join('')
  // A word that a line's end divides is one word.
  return text.replace(/(\p{Ll})-\n(?=\p{Ll})/gu, '$1')
}

interface Bookmark {
  readonly page: number
  readonly headings: readonly string[]
}

const MOST_BOOKMARKS = 10_000

async function bookmarks(pdf: Pdf): Promise<Bookmark[]> {
  const found: Bookmark[] = []
  type Items = NonNullable<Awaited<ReturnType<Pdf['getOutline']>>>
  const open = ((await pdf.getOutline()) ?? ([] as Items)).map(item => ({ item, above: [] as string[] })).reverse()
  for (let next = open.pop(); next && found.length < MOST_BOOKMARKS; next = open.pop()) {
    const { item, above } = next
    const headings = [...above, item.title.replace(/\s+/g, ' ').trim()].filter(title => title !== '')
    const page = await pageOf(pdf, item.dest)
    if (page !== null) found.push({ page, headings })
    open.push(...(item.items as Items).map(inner => ({ item: inner, above: headings })).reverse())
  }
  return found.sort((a, b) => a.page - b.page)
}

async function pageOf(pdf: Pdf, destination: unknown): Promise<number | null> {
  try {
    const explicit: unknown = typeof destination === 'string' ? await pdf.getDestination(destination) : destination
    const target: unknown = Array.isArray(explicit) ? explicit[0] : null
    if (typeof target !== 'object' || target === null) return null
    return (await pdf.getPageIndex(target as Parameters<Pdf['getPageIndex']>[0])) + 1
  } catch {
    return null // it leads nowhere, as bookmarks of joined files do
  }
}

/** The last bookmark before the page, or the first one on it. */
function headingAt(bookmarks: readonly Bookmark[], page: number): readonly string[] {
  return (bookmarks.find(mark => mark.page === page) ?? bookmarks.findLast(mark => mark.page < page))?.headings ?? []
}
