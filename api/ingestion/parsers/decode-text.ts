import { TextDecoder } from 'node:util'
import { UnreadableDocument } from './parser.ts'

/** Above this share of NUL characters a file is not text: binary, or UTF-16 without its mark. */
const MOST_NULS = 0.01

/**
 * Bytes as text: UTF-8, with or without its mark, or UTF-16 with its mark. A few NUL characters, which old tools leave
 * behind, are dropped, because Postgres cannot store them.
 * @throws UnreadableDocument saying where and why not
 */
export function decodeText(bytes: Uint8Array): string {
  const text = decodeAs(encodingOf(bytes), bytes)
  const nuls = text.split('\0').length - 1
  if (nuls > text.length * MOST_NULS)
    throw new UnreadableDocument('the file holds NUL characters: it is binary, or UTF-16 without a byte order mark; save it as UTF-8') // prettier-ignore
  return refuseBlank(nuls === 0 ? text : text.replaceAll('\0', ''))
}

/** @throws UnreadableDocument when there is nothing to read */
export function refuseBlank(text: string): string {
  if (text.trim() === '') throw new UnreadableDocument('the document is empty: it has no text in it')
  return text
}

/** Also for encodings that the file names itself. @throws UnreadableDocument */
export function decodeAs(encoding: string, bytes: Uint8Array): string {
  let decoder: TextDecoder
  try {
    decoder = new TextDecoder(encoding, { fatal: true })
  } catch (cause) {
    throw new UnreadableDocument(`the file says that its encoding is ${JSON.stringify(encoding)}, which is not known; save it as UTF-8`, { cause }) // prettier-ignore
  }
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    const where = decoder.encoding === 'utf-8' ? ` (byte ${firstBrokenByte(bytes)} is broken)` : ''
    throw new UnreadableDocument(`the file is not ${decoder.encoding.toUpperCase()}${where}; save it as UTF-8`, {
      cause,
    })
  }
}

/** What the byte order mark says, else UTF-8. */
export function encodingOf(bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  return 'utf-8'
}

/** Offset of the first byte that is no UTF-8, in bytes from 0. */
function firstBrokenByte(bytes: Uint8Array): number {
  const loose = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  let offset = 0
  let from = 0
  for (;;) {
    const found = loose.indexOf('\ufffd', from)
    if (found === -1) return offset
    offset += Buffer.byteLength(loose.slice(from, found))
    // The replacement character may stand in the file itself, as EF BF BD.
    if (bytes[offset] !== 0xef || bytes[offset + 1] !== 0xbf || bytes[offset + 2] !== 0xbd) return offset
    offset += 3
    from = found + 1
  }
}
