import type { IncomingMessage } from 'node:http'
import { ApiError } from '../contract/error-codes.ts'
import { PublicNetwork, type NetworkSettings } from './public-network.ts'
import { readBody } from './read-body.ts'
import { checkUrl, fileNameOf, redirectOf } from './target.ts'

export interface FetchSettings extends NetworkSettings {
  readonly maxBytes: number
  /** For everything: names, redirects, the whole body. */
  readonly timeoutMs: number
}

export interface FetchedDocument {
  readonly bytes: Buffer
  /** What the server says it is; content decides. */
  readonly mediaType: string
  readonly filename: string
}

const MAX_REDIRECTS = 5

/**
 * Fetches documents on behalf of callers who must not reach what only this service can: every address of every hop is
 * checked, and the connection goes to the addresses that were checked, so that a name cannot change its mind in between.
 */
export class DocumentFetcher {
  readonly #settings: FetchSettings
  readonly #network: PublicNetwork

  constructor(settings: FetchSettings) {
    this.#settings = settings
    this.#network = new PublicNetwork(settings)
  }

  /**
   * @throws ApiError VALIDATION_ERROR for no URL of ours, FETCH_FAILED: 400 for an address that is refused and a document
   *   that is too large, 502 for what the other side does wrong
   */
  async fetch(url: string, signal: AbortSignal): Promise<FetchedDocument> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(this.#settings.timeoutMs)])
    let target = checkUrl(url)
    try {
      for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
        const answer = await this.#network.request(target, { method: 'GET' }, limit)
        const next = redirectOf(answer, target)
        if (!next) return await this.#read(answer, target)
        answer.destroy()
        target = next
      }
    } catch (error) {
      if (limit.aborted && !signal.aborted)
        throw failed(`${target.host} did not send the document within ${this.#settings.timeoutMs / 1000} s`, error)
      throw error instanceof ApiError ? error : failed(`${target.host} cannot be reached (${describe(error)})`, error)
    }
    throw failed(`${new URL(url).host} redirects more than ${MAX_REDIRECTS} times`)
  }

  async #read(answer: IncomingMessage, target: URL): Promise<FetchedDocument> {
    const { statusCode: status = 0, headers } = answer
    if (status < 200 || status > 299) {
      answer.destroy()
      throw failed(`${target.host} answered ${status}`)
    }
    const bytes = await readBody(answer, this.#settings.maxBytes)
    if (bytes.length === 0) throw failed(`${target.host} sent an empty document`)
    const mediaType = headers['content-type']?.split(';')[0]?.trim() || 'application/octet-stream'
    return { bytes, mediaType, filename: fileNameOf(target, headers['content-disposition']) }
  }
}

function describe(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error as Error).message
}

function failed(detail: string, cause?: unknown): ApiError {
  return new ApiError('FETCH_FAILED', detail, { cause })
}
