import type { IncomingMessage } from 'node:http'
import { pipeline, type Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { ApiError } from '../contract/error-codes.ts'

/** Some servers compress although they were asked not to. */
const decoders = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress }

/**
 * The whole body, uncompressed; reading stops as soon as it is longer than allowed.
 * @throws ApiError FETCH_FAILED
 */
export async function readBody(answer: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (Number(answer.headers['content-length']) > maxBytes) {
    answer.destroy()
    throw tooLarge(maxBytes)
  }
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of decoded(answer) as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxBytes) throw tooLarge(maxBytes)
    chunks.push(chunk)
  }
  if (!answer.complete) throw new ApiError('FETCH_FAILED', 'the document broke off before its end; try again')
  return Buffer.concat(chunks)
}

function decoded(answer: IncomingMessage): Readable {
  const encoding = (answer.headers['content-encoding'] ?? 'identity').toLowerCase()
  if (encoding === 'identity') return answer
  if (!Object.hasOwn(decoders, encoding)) {
    answer.destroy()
    throw new ApiError('FETCH_FAILED', `the document is compressed with ${JSON.stringify(encoding.slice(0, 40))}, which is not known here`) // prettier-ignore
  }
  // An error of either side ends the other; it is met where the body is read.
  return pipeline(answer, decoders[encoding as keyof typeof decoders](), () => undefined)
}

function tooLarge(maxBytes: number): ApiError {
  const detail = `url: the document is larger than ${Math.floor(maxBytes / 1024 / 1024)} MiB; see MAX_BODY_MB`
  return new ApiError('FETCH_FAILED', detail, { status: 400 })
}
