import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { get as getPlain, type IncomingMessage, type RequestOptions } from 'node:http'
import { get as getTls } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { ApiError } from '../contract/error-codes.ts'
import { productVersion } from '../contract/product-version.ts'
import type { AllowedHosts } from './allowed-hosts.ts'
import { isPublicAddress } from './public-address.ts'
import { readBody } from './read-body.ts'
import { checkUrl, fileNameOf, redirectOf } from './target.ts'

/** All addresses of a name, as `dns.lookup` gives them. */
export type Resolve = (name: string) => Promise<readonly LookupAddress[]>

export interface FetchSettings {
  readonly allowed: AllowedHosts
  readonly maxBytes: number
  /** For everything: names, redirects, the whole body. */
  readonly timeoutMs: number
  readonly resolve?: Resolve
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
  readonly #resolve: Resolve

  constructor(settings: FetchSettings) {
    this.#settings = settings
    this.#resolve = settings.resolve ?? (name => lookup(name, { all: true }))
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
        const answer = await ask(target, await this.#addresses(target, limit), limit)
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

  /** In the same words whether a name has no address or none that is allowed: a name server's knowledge is not for everybody. */
  async #addresses({ hostname }: URL, limit: AbortSignal): Promise<readonly LookupAddress[]> {
    const { allowed } = this.#settings
    const host = hostname.replace(/^\[|\]$/g, '')
    const family = isIP(host)
    const found = family ? [{ address: host, family }] : await orAborted(this.#resolve(host), limit).catch(unknownName)
    const fine = ({ address }: LookupAddress) => isPublicAddress(address) || allowed.hasAddress(address)
    if (found.length > 0 && (allowed.hasName(host) || found.every(fine))) return found
    const detail = `url: ${host} is or has no public address; whoever runs the service can allow it with FETCH_ALLOWED_HOSTS` // prettier-ignore
    throw new ApiError('FETCH_FAILED', detail, { status: 400 })
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

const headers = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': `selfrag/${productVersion}` }

/** Without an agent: no connection is shared, and none of the environment's proxies is asked, which would resolve the name anew. */
function ask(target: URL, addresses: readonly LookupAddress[], signal: AbortSignal): Promise<IncomingMessage> {
  const options: RequestOptions = { agent: false, lookup: pinned(addresses), headers, signal, maxHeaderSize: 32_768 }
  const get = target.protocol === 'https:' ? getTls : getPlain
  return new Promise((resolve, reject) => void get(target, options, resolve).on('error', reject))
}

/** What a socket asks instead of the name server. */
function pinned(addresses: readonly LookupAddress[]): LookupFunction {
  return (_name, { all }, callback) => {
    const [first] = addresses
    if (all) return callback(null, [...addresses])
    callback(null, first?.address ?? '', first?.family)
  }
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = () => reject(signal.reason as Error)
  signal.addEventListener('abort', stop, { once: true })
  try {
    signal.throwIfAborted()
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function unknownName(error: NodeJS.ErrnoException): readonly LookupAddress[] {
  if (error.code === 'ENOTFOUND' || error.code === 'ENODATA') return []
  throw error
}

function describe(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error as Error).message
}

function failed(detail: string, cause?: unknown): ApiError {
  return new ApiError('FETCH_FAILED', detail, { cause })
}
