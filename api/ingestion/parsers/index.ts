import { fileTypeFromBuffer } from 'file-type'
import { htmlParser } from './html.ts'
import { markdownParser } from './markdown.ts'
import { type ParsedDocument, type Parser, UnreadableDocument, UnsupportedDocument } from './parser.ts'
import { textParser } from './text.ts'

export const parsers: readonly Parser[] = [textParser, markdownParser, htmlParser]

/** What is said about a file by whoever sent it; not always true. */
export interface FileHint {
  readonly filename?: string
  readonly mediaType?: string
}

/** @throws UnreadableDocument; UnsupportedDocument for formats that no parser reads */
export async function parseDocument(bytes: Uint8Array, hint: FileHint): Promise<ParsedDocument> {
  const parser = await detectParser(bytes, hint)
  return parser.parse(bytes, hint.filename === undefined ? {} : { filename: hint.filename })
}

/**
 * The parser for a file. Its content decides first: a PDF named `notes.txt` is a PDF, and a page is HTML whatever its
 * name. Between kinds of text, the media type and the name decide, and without them what the text looks like.
 * @throws UnreadableDocument for an empty file, UnsupportedDocument for a format that no parser reads
 */
export async function detectParser(bytes: Uint8Array, { filename, mediaType }: FileHint): Promise<Parser> {
  if (bytes.length === 0) throw new UnreadableDocument('the document is empty: it has no bytes')
  await refuseBinary(bytes)
  const beginning = Buffer.from(bytes.subarray(0, LOOKED_AT)).toString('utf8').replaceAll('\0', '')
  if (/^[\s\ufeff\ufffd]*(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]*?-->\s*)*<(?:!doctype\s+html|html[\s>])/i.test(beginning)) return htmlParser // prettier-ignore
  const told = byMediaType(mediaType) ?? byName(filename)
  if (told) return told
  return looksLikeMarkdown(beginning) ? markdownParser : textParser
}

const LOOKED_AT = 16_384

/** Formats that file-type knows and that are text all the same. */
const textual = /^text\/|xml$|json$|^application\/(?:x-)?(?:javascript|yaml|rtf-text)$/

async function refuseBinary(bytes: Uint8Array): Promise<void> {
  const type = await fileTypeFromBuffer(bytes.subarray(0, 65_536))
  if (!type || textual.test(type.mime)) return
  throw new UnsupportedDocument(
    `the file is ${type.ext.toUpperCase()} (${type.mime}), which is not read; send text, Markdown or HTML`,
  )
}

/** `text/plain` is what senders say who do not know; it decides nothing unless the name agrees. */
function byMediaType(mediaType: string | undefined): Parser | undefined {
  const type = mediaType?.split(';')[0]?.trim().toLowerCase()
  if (type === undefined || type === 'text/plain') return undefined
  return parsers.find(({ mediaTypes }) => mediaTypes.includes(type))
}

function byName(filename: string | undefined): Parser | undefined {
  const ending = /\.([^./\\]+)$/.exec(filename ?? '')?.[1]?.toLowerCase()
  if (ending === undefined) return undefined
  if (['md', 'markdown', 'mdx', 'mkd'].includes(ending)) return markdownParser
  return ['html', 'htm', 'xhtml'].includes(ending) ? htmlParser : textParser
}

/** A heading, and one more thing that plain text has seldom: one sign alone could be a comment in a script. */
function looksLikeMarkdown(text: string): boolean {
  const heading = /^#{1,6} \S/m.test(text)
  return heading && /^(?:```|~~~)|\]\(|\*\*\S|^#{2,6} \S|^\|.*\|\s*$|^[-*] \S/m.test(text)
}
