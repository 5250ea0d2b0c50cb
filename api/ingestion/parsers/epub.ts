import { posix } from 'node:path'
import { htmlParser } from './html.ts'
import { type Parser, UnreadableDocument } from './parser.ts'
import { TextBuilder } from './text-builder.ts'
import { find, parseXml, textOf, walk } from './xml.ts'
import { unzip, type ZipFiles } from './zip.ts'

/** Books: the chapters in reading order, with their headings. */
export const epubParser: Parser = {
  format: 'epub',
  mediaTypes: ['application/epub+zip'],
  endings: ['epub'],
  async parse(bytes) {
    const files = unzip(bytes, path => /\.(?:x?html?|opf|xml)$/i.test(path))
    refuseProtected(files)
    const { chapters, title } = readPackage(files)
    const builder = new TextBuilder()
    for (const path of chapters) {
      const chapter = files[path]
      if (!chapter) continue
      const { text, sections } = await chapterText(chapter)
      builder.add(text, { sections })
    }
    return builder.build(title)
  },
}

/** A chapter may be a picture alone. */
async function chapterText(bytes: Uint8Array) {
  try {
    return await htmlParser.parse(bytes, {})
  } catch (error) {
    if (error instanceof UnreadableDocument) return { text: '', sections: [] }
    throw error
  }
}

function readPackage(files: ZipFiles): { chapters: string[]; title?: string } {
  const container = required(files, 'META-INF/container.xml')
  const path = find(parseXml(container), 'rootfile')?.attributes['full-path'] ?? ''
  const nodes = [...walk(parseXml(required(files, path)))]
  const items = new Map(nodes.filter(({ name }) => name === 'item').map(({ attributes }) => [attributes['id'], attributes['href']])) // prettier-ignore
  const spine = nodes.filter(({ name }) => name === 'itemref').map(({ attributes }) => items.get(attributes['idref']))
  const title = nodes.find(({ name }) => name === 'dc:title')
  return {
    chapters: spine.flatMap(href => (href ? [posix.join(posix.dirname(path), decodeURIComponent(href.split('#')[0]!))] : [])), // prettier-ignore
    ...(title ? { title: textOf(title) } : {}),
  }
}

/** Fonts may be scrambled, which is no matter; chapters may not. */
function refuseProtected(files: ZipFiles): void {
  const encryption = files['META-INF/encryption.xml']
  if (!encryption) return
  const encrypted = [...walk(parseXml(encryption))].flatMap(({ attributes }) => attributes['URI'] ?? [])
  if (encrypted.some(uri => /\.x?html?$/i.test(uri)))
    throw new UnreadableDocument('the book is protected against copying; send one without protection')
}

function required(files: ZipFiles, path: string): Uint8Array {
  const file = files[path]
  if (!file) throw new UnreadableDocument(`the book is damaged: it lacks ${path || 'its package file'}`)
  return file
}
