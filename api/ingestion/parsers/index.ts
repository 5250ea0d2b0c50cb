import { fileTypeFromBuffer } from 'file-type'
import { csvParser } from './csv.ts'
import { docxParser } from './docx.ts'
import { emlParser } from './eml.ts'
import { epubParser } from './epub.ts'
import { htmlParser } from './html.ts'
import { jsonParser } from './json.ts'
import { markdownParser } from './markdown.ts'
import { type ParsedDocument, type Parser, UnreadableDocument, UnsupportedDocument } from './parser.ts'
import { pdfParser } from './pdf.ts'
import { pptxParser } from './pptx.ts'
import { textParser } from './text.ts'
import { xlsxParser } from './xlsx.ts'

/** Formats that bytes are taken for only when their content says so. */
const binaryParsers: readonly Parser[] = [pdfParser, docxParser, pptxParser, xlsxParser, epubParser]
const textParsers: readonly Parser[] = [textParser, markdownParser, htmlParser, csvParser, jsonParser, emlParser]
export const parsers: readonly Parser[] = [...textParsers, ...binaryParsers]

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
  const binary = await binaryParser(bytes)
  if (binary) return binary
  const beginning = Buffer.from(bytes.subarray(0, LOOKED_AT)).toString('utf8').replaceAll('\0', '')
  if (/^[\s\ufeff\ufffd]*(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]*?-->\s*)*<(?:!doctype\s+html|html[\s>])/i.test(beginning)) return htmlParser // prettier-ignore
  const told = byMediaType(mediaType) ?? byName(filename)
  if (told) return told
  if (looksLikeMail(beginning)) return emlParser
  if (looksLikeJson(beginning)) return jsonParser
  return looksLikeMarkdown(beginning) ? markdownParser : textParser
}

const LOOKED_AT = 16_384

/** Formats that file-type knows and that are text all the same. */
const textual = /^text\/|xml$|json$|^application\/(?:x-)?(?:javascript|yaml|rtf-text)$/

/** Null for text. @throws UnsupportedDocument */
async function binaryParser(bytes: Uint8Array): Promise<Parser | null> {
  const type = await fileTypeFromBuffer(bytes)
  if (!type || textual.test(type.mime)) return null
  const parser = binaryParsers.find(({ mediaTypes }) => mediaTypes.includes(type.mime))
  if (parser) return parser
  throw new UnsupportedDocument(`the file is ${type.ext.toUpperCase()} (${type.mime}), which is not read; ${advice(type.mime)}`) // prettier-ignore
}

function advice(mime: string): string {
  // Old Word, Excel and PowerPoint files, and new ones with a password.
  if (mime === 'application/x-cfb') return 'save it without a password, as docx, xlsx or pptx'
  if (mime === 'application/zip') return 'send the files in it one by one'
  return `send text, Markdown, HTML, CSV, JSON, mail, PDF, Word, Excel, PowerPoint or EPUB`
}

/** `text/plain` is what senders say who do not know; it decides nothing unless the name agrees. */
function byMediaType(mediaType: string | undefined): Parser | undefined {
  const type = mediaType?.split(';')[0]?.trim().toLowerCase()
  if (type === undefined || type === 'text/plain') return undefined
  return textParsers.find(({ mediaTypes }) => mediaTypes.includes(type))
}

function byName(filename: string | undefined): Parser | undefined {
  const ending = /\.([^./\\]+)$/.exec(filename ?? '')?.[1]?.toLowerCase()
  if (ending === undefined) return undefined
  return textParsers.find(({ endings }) => endings.includes(ending)) ?? textParser
}

/** Two header lines at the very beginning, one of which only mails have. */
function looksLikeMail(text: string): boolean {
  const head = text.slice(0, Math.max(0, text.search(/\r?\n\r?\n/)))
  const names = [...head.matchAll(/^([A-Za-z-]+): \S/gm)].map(([, name]) => name!.toLowerCase())
  return /^[A-Za-z-]+: /.test(head) && names.length > 1 && names.some(name => ['message-id', 'mime-version', 'received', 'return-path'].includes(name)) // prettier-ignore
}

/** Objects, or a list of them; of what else may be JSON only what is short enough to be tried. */
function looksLikeJson(text: string): boolean {
  if (/^\ufeff?\s*(?:\[\s*)?\{\s*"(?:[^"\\\n]|\\.)*"\s*:/.test(text)) return true
  return text.length < LOOKED_AT && /^\ufeff?\s*[[{]/.test(text) && isJson(text)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text.replace(/^\ufeff/, ''))
    return true
  } catch {
    return false
  }
}

/** A heading, and one more thing that plain text has seldom: one sign alone could be a comment in a script. */
function looksLikeMarkdown(text: string): boolean {
  const heading = /^#{1,6} \S/m.test(text)
  return heading && /^(?:```|~~~)|\]\(|\*\*\S|^#{2,6} \S|^\|.*\|\s*$|^[-*] \S/m.test(text)
}
