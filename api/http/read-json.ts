import express, { type Request, type Response } from 'express'
import { ApiError } from '../contract/error-codes.ts'
import { parseJson } from './json-text.ts'

/**
 * The JSON of a request's body; compressed bodies are inflated, and the limit holds for what comes out.
 * @throws ApiError VALIDATION_ERROR: 415 for another media type or charset, 413 above the limit, 400 for what is no JSON
 */
export async function readJson(request: Request, response: Response, limitBytes: number): Promise<unknown> {
  checkContentType(request)
  return parseJson(await readBytes(request, response, limitBytes))
}

function checkContentType(request: Request): void {
  const given = request.get('content-type')
  const [type, ...parameters] = (given ?? '').split(';').map(part => part.trim().toLowerCase())
  const charset = parameters
    .find(parameter => parameter.startsWith('charset='))
    ?.slice(8)
    .replaceAll('"', '')
  const json = type === 'application/json' || /^application\/[\w.+-]+\+json$/.test(type ?? '')
  if (json && (charset === undefined || charset === 'utf-8' || charset === 'utf8')) return
  throw new ApiError(
    'VALIDATION_ERROR',
    `Content-Type: is ${given === undefined ? 'missing' : JSON.stringify(given.slice(0, 80))}; send JSON in UTF-8 as application/json`,
    { status: 415 },
  )
}

async function readBytes(request: Request, response: Response, limitBytes: number): Promise<Uint8Array> {
  const read = express.raw({ type: () => true, limit: limitBytes })
  await new Promise<void>((resolve, reject) =>
    read(request, response, error => (error ? reject(bodyError(error, limitBytes)) : resolve())),
  )
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
}

/** body-parser tells its faults apart by `type`. */
function bodyError(error: unknown, limitBytes: number): Error {
  const { type, message } = error as { type?: string; message?: string }
  if (type === 'entity.too.large') return tooLarge(limitBytes)
  if (type === 'encoding.unsupported')
    return new ApiError('VALIDATION_ERROR', `Content-Encoding: ${message}; send gzip, deflate, br or none`, { status: 415 }) // prettier-ignore
  return new ApiError('VALIDATION_ERROR', `body: could not be read (${message ?? 'unknown fault'})`, { cause: error })
}

/** 413, naming the limit in MiB. */
export function tooLarge(limitBytes: number): ApiError {
  const megabytes = Math.round((limitBytes / 1024 / 1024) * 100) / 100
  return new ApiError('VALIDATION_ERROR', `body: is larger than ${megabytes} MiB (MAX_BODY_MB); send less at once`, {
    status: 413,
  })
}
