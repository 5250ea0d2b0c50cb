import { createHash } from 'node:crypto'
import { ApiError } from '../../contract/error-codes.ts'
import { UnsupportedDocument } from '../../ingestion/parsers/parser.ts'
import { documentLimits, type NewFileDocument, type NewTextDocument } from './new-document.ts'

/** A document as it will be kept, whichever way it came. */
export interface IncomingDocument {
  readonly bytes: Buffer
  /** SHA-256 of the bytes, in hex. */
  readonly contentHash: string
  /** Empty: none was given, and parsing will find one. */
  readonly title: string
  readonly metadata: Readonly<Record<string, unknown>>
  readonly externalId: string | null
  readonly mediaType: string
  readonly filename: string | null
}

const LONGEST_FILENAME = 255

/** @throws ApiError VALIDATION_ERROR */
export function checkText(input: NewTextDocument): IncomingDocument {
  if (input.content.trim() === '') throw invalid('content: must not be empty')
  return {
    ...checkDescription(input),
    ...checkBytes(Buffer.from(input.content)),
    mediaType: input.mediaType ?? 'text/plain',
    filename: null,
  }
}

/** @throws ApiError VALIDATION_ERROR */
export function checkFile(input: NewFileDocument): IncomingDocument {
  if (input.bytes.length === 0) throw invalid(`file: ${JSON.stringify(input.filename)} is empty`)
  requireText('filename', input.filename, LONGEST_FILENAME)
  return {
    ...checkDescription(input),
    ...checkBytes(Buffer.from(input.bytes.buffer, input.bytes.byteOffset, input.bytes.byteLength)),
    mediaType: input.mediaType,
    filename: input.filename,
  }
}

/** A format that nothing reads is told at once; what is wrong inside a file is told by the document's status. */
export async function refuseUnsupported({ bytes, filename, mediaType }: NewFileDocument): Promise<void> {
  if (bytes.length === 0) return
  // Loaded with the first file: replicas that only answer questions are to start fast and stay small.
  const { detectParser } = await import('../../ingestion/parsers/index.ts')
  try {
    await detectParser(bytes, { filename, mediaType })
  } catch (error) {
    if (!(error instanceof UnsupportedDocument)) throw error
    throw new ApiError('VALIDATION_ERROR', `file: ${error.message}`, { status: 415, cause: error })
  }
}

function checkBytes(bytes: Buffer) {
  return { bytes, contentHash: createHash('sha256').update(bytes).digest('hex') }
}

function checkDescription({ title = '', metadata = {}, externalId }: Partial<NewTextDocument>) {
  requireText('title', title, documentLimits.title)
  if (externalId !== undefined) {
    if (externalId.trim() === '') throw invalid('external_id: must not be empty')
    requireText('external_id', externalId, documentLimits.externalId)
  }
  const { length } = JSON.stringify(metadata)
  if (length > documentLimits.metadata)
    throw invalid(`metadata: has ${length} characters as JSON, at most ${documentLimits.metadata} are allowed`)
  if (holdsUnstorable(metadata)) throw invalid(`metadata: ${UNSTORABLE}`)
  return { title: title.trim(), metadata, externalId: externalId ?? null }
}

const UNSTORABLE = 'must not hold NUL characters or half of a surrogate pair'

function requireText(field: string, value: string, most: number): void {
  if (value.length > most) throw invalid(`${field}: has ${value.length} characters, at most ${most} are allowed`)
  if (unstorable(value)) throw invalid(`${field}: ${UNSTORABLE}`)
}

/** Postgres keeps neither in text nor in jsonb. */
function unstorable(text: string): boolean {
  return text.includes('\0') || !text.isWellFormed()
}

function holdsUnstorable(value: unknown): boolean {
  if (typeof value === 'string') return unstorable(value)
  if (value === null || typeof value !== 'object') return false
  return Object.entries(value).some(([key, inner]) => unstorable(key) || holdsUnstorable(inner))
}

function invalid(detail: string): ApiError {
  return new ApiError('VALIDATION_ERROR', detail)
}
