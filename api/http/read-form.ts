import { once } from 'node:events'
import busboy from 'busboy'
import type { Request } from 'express'
import { ApiError } from '../contract/error-codes.ts'
import type { UploadedFile } from './form-body.ts'
import { refuseUnstorable } from './json-text.ts'
import { tooLarge } from './read-json.ts'

const MAX_FIELDS = 20
const MAX_FIELD_BYTES = 1024 * 1024

export interface Form {
  readonly fields: Readonly<Record<string, string>>
  readonly file: UploadedFile
}

/**
 * A multipart form with exactly one file, in a part of the name `file`. Reading stops as soon as more than the limit came.
 * @throws ApiError VALIDATION_ERROR: 415 for another media type, 413 above the limit, 400 for a form that is broken
 */
export async function readForm(request: Request, limitBytes: number): Promise<Form> {
  const form = openForm(request, limitBytes)
  const fields: Record<string, string> = Object.create(null) as Record<string, string>
  const files: Promise<UploadedFile>[] = []
  form.on('field', (name, value, { valueTruncated }) => {
    if (valueTruncated) return form.destroy(broken(`${name}: is longer than ${MAX_FIELD_BYTES} bytes`))
    if (name in fields) return form.destroy(broken(`${name}: is there twice`))
    fields[name] = value
  })
  form.on('file', (name, stream, { filename, mimeType }) => {
    const file = collect(stream, limitBytes).then(bytes => ({
      filename: baseName(filename),
      mediaType: mimeType,
      bytes,
    }))
    file.catch((error: Error) => form.destroy(error))
    files.push(file)
    if (name !== 'file') form.destroy(broken(`${name.slice(0, 60)}: is an unknown file part; send one, named file`))
  })
  form.on('filesLimit', () => form.destroy(broken('file: is there twice; send one file a request, or use /batch')))
  form.on('fieldsLimit', () => form.destroy(broken(`body: has more than ${MAX_FIELDS} fields`)))
  await parse(request, form)
  const [file] = await Promise.all(files)
  if (!file) throw broken('file: is required: a multipart part with a filename')
  refuseUnstorable({ ...fields, filename: file.filename })
  return { fields, file }
}

function openForm(request: Request, limitBytes: number): busboy.Busboy {
  // busboy reads URL-encoded forms as well, in which no file can be.
  if (!/^multipart\/form-data\s*;/i.test(request.get('content-type') ?? '')) throw noForm(request)
  const length = Number(request.get('content-length'))
  // The parts' headers are small; a body far beyond the limit need not be read at all.
  if (length > limitBytes + MAX_FIELD_BYTES) throw tooLarge(limitBytes)
  try {
    return busboy({
      headers: request.headers,
      defParamCharset: 'utf8',
      limits: { files: 1, fields: MAX_FIELDS, fieldSize: MAX_FIELD_BYTES, fileSize: limitBytes, fieldNameSize: 100 },
    })
  } catch (cause) {
    throw noForm(request, cause)
  }
}

function noForm(request: Request, cause?: unknown): ApiError {
  const type = JSON.stringify((request.get('content-type') ?? '').slice(0, 80))
  return new ApiError('VALIDATION_ERROR', `Content-Type: is ${type}; send multipart/form-data with a boundary`, {
    status: 415,
    cause,
  })
}

async function parse(request: Request, form: busboy.Busboy): Promise<void> {
  const closed = once(form, 'close')
  // The first fault is the answer. busboy goes on to the next part and tells of others, and an error that nobody hears ends the process.
  form.on('error', () => undefined)
  const cut = () => form.destroy(broken('body: ended before the form was complete'))
  request.once('aborted', cut)
  try {
    request.pipe(form)
    await closed
  } catch (error) {
    request.unpipe(form)
    request.resume() // so that the client gets to read the answer
    throw error instanceof ApiError
      ? error
      : broken(`body: is not a well-formed form (${(error as Error).message})`, error)
  } finally {
    request.off('aborted', cut)
  }
}

async function collect(stream: NodeJS.ReadableStream & { truncated?: boolean }, limitBytes: number): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of stream) parts.push(part as Buffer)
  if (stream.truncated) throw tooLarge(limitBytes)
  return Buffer.concat(parts)
}

/** Some clients send whole paths, of Windows too. */
function baseName(filename: string | undefined): string {
  return (filename ?? '').split(/[/\\]/).at(-1)?.slice(0, 255) || 'upload'
}

function broken(detail: string, cause?: unknown): ApiError {
  return new ApiError('VALIDATION_ERROR', detail, { cause })
}
