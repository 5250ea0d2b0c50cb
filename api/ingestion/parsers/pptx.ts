import { posix } from 'node:path'
import { type Parser, UnreadableDocument } from './parser.ts'
import { coreTitle } from './office.ts'
import { TextBuilder } from './text-builder.ts'
import { find, parseXml, textOf, walk, type XmlNode } from './xml.ts'
import { unzip, type ZipFiles } from './zip.ts'

const SLIDE = /^ppt\/(?:slides|notesSlides|presentation|_rels)\b.*\.(?:xml|rels)$/

/** PowerPoint: a page a slide, in the order of the show, its title as heading; tables and the speaker's notes too. */
export const pptxParser: Parser = {
  format: 'pptx',
  mediaTypes: ['application/vnd.openxmlformats-officedocument.presentationml.presentation'],
  endings: ['pptx'],
  async parse(bytes) {
    const files = unzip(
      bytes,
      path => SLIDE.test(path) || path === 'ppt/presentation.xml' || path === 'docProps/core.xml',
    )
    const builder = new TextBuilder()
    for (const [index, path] of slidesOf(files).entries()) {
      const shapes = [...walk(part(files, path))]
      const title = shapes.filter(isTitle).map(linesOf).join(' ').replace(/\s+/g, ' ').trim()
      const text = [...shapes.filter(isShown).map(linesOf), notesOf(files, path)].filter(lines => lines !== '').join('\n\n') // prettier-ignore
      builder.add(text, { page: index + 1, headings: title === '' ? [] : [title] })
    }
    return builder.build(coreTitle(files))
  },
}

/** Paths of the slides in their order, which only the presentation knows. */
function slidesOf(files: ZipFiles): string[] {
  const targets = relations(files, 'ppt/presentation.xml')
  const ids = [...walk(part(files, 'ppt/presentation.xml'))].filter(({ name }) => name === 'p:sldId')
  return ids.flatMap(({ attributes }) => targets.get(attributes['r:id'] ?? '')?.path ?? [])
}

function notesOf(files: ZipFiles, slide: string): string {
  const notes = [...relations(files, slide).values()].find(({ type }) => type.endsWith('/notesSlide'))
  if (!notes || !files[notes.path]) return ''
  const body = [...walk(part(files, notes.path))].filter(node => node.name === 'p:sp' && placeholder(node) === 'body')
  return body.map(linesOf).join('\n')
}

function relations(files: ZipFiles, path: string): Map<string, { readonly path: string; readonly type: string }> {
  const rels = files[posix.join(posix.dirname(path), '_rels', `${posix.basename(path)}.rels`)]
  const found = rels ? [...walk(parseXml(rels))].filter(({ name }) => name === 'Relationship') : []
  return new Map(
    found.map(({ attributes: { Id = '', Target = '', Type = '' } }) => [
      Id,
      { path: Target.startsWith('/') ? Target.slice(1) : posix.join(posix.dirname(path), Target), type: Type },
    ]),
  )
}

/** @throws UnreadableDocument when the part is not there */
function part(files: ZipFiles, path: string): XmlNode[] {
  const bytes = files[path]
  if (!bytes) throw new UnreadableDocument(`the presentation is damaged: it lacks its part ${path}; save it again`)
  return parseXml(bytes)
}

function isShown(node: XmlNode): boolean {
  if (node.name === 'a:tbl') return true
  // Page numbers, dates and footers are the same on every slide.
  return node.name === 'p:sp' && !['sldNum', 'dt', 'ftr'].includes(placeholder(node) ?? '')
}

function isTitle(node: XmlNode): boolean {
  return node.name === 'p:sp' && ['title', 'ctrTitle'].includes(placeholder(node) ?? '')
}

function placeholder(shape: XmlNode): string | undefined {
  return find(shape.children, 'p:ph')?.attributes['type']
}

/** A line a paragraph; a line a row for tables. */
function linesOf(node: XmlNode): string {
  const nodes = [...walk(node.children)]
  if (node.name === 'a:tbl')
    return nodes.filter(({ name }) => name === 'a:tr').map(row => row.children.filter(({ name }) => name === 'a:tc').map(cell => paragraphs(cell).join(' ')).join(' | ')).join('\n') // prettier-ignore
  return paragraphs(node).join('\n')
}

function paragraphs(node: XmlNode): string[] {
  const found = [...walk(node.children)].filter(({ name }) => name === 'a:p')
  return found.map(paragraph => runs(paragraph).trim()).filter(line => line !== '')
}

function runs(paragraph: XmlNode): string {
  return [...walk(paragraph.children)].map(node => (node.name === 'a:br' ? '\n' : node.name === 'a:t' ? textOf(node) : '')).join('') // prettier-ignore
}
