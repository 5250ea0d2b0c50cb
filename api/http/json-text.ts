import { ApiError } from '../contract/error-codes.ts'
import { fieldPath } from './validate.ts'

/** Nothing that the API takes is nested deeper; validators recurse, and a deeper body could only mean harm. */
const MAX_DEPTH = 64

/**
 * JSON from the bytes of a body, or of the part of it that `what` names.
 * @throws ApiError VALIDATION_ERROR for bytes that are not UTF-8, text that is not JSON, and what no database can store
 */
export function parseJson(bytes: Uint8Array, what = 'body'): unknown {
  const text = decodeUtf8(bytes, what)
  if (text.trim() === '') throw invalid(`${what}: is empty; send a JSON object`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw invalid(`${what}: is not JSON (${(cause as SyntaxError).message.slice(0, 120)})`, cause)
  }
  refuseUnstorable(value)
  return value
}

/** @throws ApiError VALIDATION_ERROR telling where the first broken byte is */
export function decodeUtf8(bytes: Uint8Array, what = 'body'): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw invalid(`${what}: is not UTF-8; send text in UTF-8`, cause)
  }
}

/**
 * Escapes let JSON say U+0000 and lone surrogates, which Postgres refuses late and with words of its own. Looked for in one
 * walk over the value, without recursion, as the value may be nested arbitrarily deep.
 */
export function refuseUnstorable(root: unknown): void {
  const open: { value: unknown; path: readonly PropertyKey[] }[] = [{ value: root, path: [] }]
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, path } = next
    if (path.length > MAX_DEPTH) throw invalid(`${fieldPath(path.slice(0, 3))}…: is nested deeper than ${MAX_DEPTH}`)
    if (typeof value === 'string') refuseText(value, path)
    if (typeof value !== 'object' || value === null) continue
    for (const [key, inner] of Object.entries(value)) {
      const innerPath = [...path, Array.isArray(value) ? Number(key) : key]
      if (!Array.isArray(value)) refuseText(key, innerPath)
      if (typeof inner === 'string' || typeof inner === 'object') open.push({ value: inner, path: innerPath })
    }
  }
}

function refuseText(text: string, path: readonly PropertyKey[]): void {
  const where = fieldPath(path).replaceAll('\u0000', '\\u0000').toWellFormed().slice(0, 100) || 'body'
  if (text.includes('\u0000'))
    throw invalid(`${where}: holds the character U+0000, which cannot be stored; leave it out`)
  if (!text.isWellFormed()) throw invalid(`${where}: holds half of a surrogate pair, which is no text; leave it out`)
}

function invalid(detail: string, cause?: unknown): ApiError {
  return new ApiError('VALIDATION_ERROR', detail, { cause })
}
