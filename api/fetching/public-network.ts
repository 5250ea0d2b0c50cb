import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { type IncomingMessage, type RequestOptions, request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { ApiError } from '../contract/error-codes.ts'
import { productVersion } from '../contract/product-version.ts'
import type { AllowedHosts } from './allowed-hosts.ts'
import { isPublicAddress } from './public-address.ts'

/** All addresses of a name, as `dns.lookup` gives them. */
export type Resolve = (name: string) => Promise<readonly LookupAddress[]>

export interface NetworkSettings {
  readonly allowed: AllowedHosts
  readonly resolve?: Resolve
}

export interface OutgoingRequest {
  readonly method: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/**
 * Requests on behalf of callers who must not reach what only this service can: every address is checked, and the
 * connection goes to the addresses that were checked, so that a name cannot change its mind in between.
 */
export class PublicNetwork {
  readonly #allowed: AllowedHosts
  readonly #resolve: Resolve

  constructor({ allowed, resolve }: NetworkSettings) {
    this.#allowed = allowed
    this.#resolve = resolve ?? (name => lookup(name, { all: true }))
  }

  /**
   * Follows no redirect. The caller reads or destroys the answer.
   * @throws ApiError FETCH_FAILED 400 for an address that is refused; the socket's errors; the signal's reason
   */
  async request(target: URL, request: OutgoingRequest, limit: AbortSignal): Promise<IncomingMessage> {
    return ask(target, request, await this.#addresses(target, limit), limit)
  }

  /** In the same words whether a name has no address or none that is allowed: a name server's knowledge is not for everybody. */
  async #addresses({ hostname }: URL, limit: AbortSignal): Promise<readonly LookupAddress[]> {
    const allowed = this.#allowed
    const host = hostname.replace(/^\[|\]$/g, '')
    const family = isIP(host)
    const found = family ? [{ address: host, family }] : await orAborted(this.#resolve(host), limit).catch(unknownName)
    const fine = ({ address }: LookupAddress) => isPublicAddress(address) || allowed.hasAddress(address)
    if (found.length > 0 && (allowed.hasName(host) || found.every(fine))) return found
    const detail = `url: ${host} is or has no public address; whoever runs the service can allow it with FETCH_ALLOWED_HOSTS` // prettier-ignore
    throw new ApiError('FETCH_FAILED', detail, { status: 400 })
  }
}

const standardHeaders = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': `selfrag/${productVersion}` }

/** Without an agent: no connection is shared, and none of the environment's proxies is asked, which would resolve the name anew. */
function ask(
  target: URL,
  { method, headers, body }: OutgoingRequest,
  addresses: readonly LookupAddress[],
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const options: RequestOptions = {
    method,
    headers: { ...standardHeaders, ...headers },
    agent: false,
    lookup: pinned(addresses),
    signal,
    maxHeaderSize: 32_768,
  }
  const send = target.protocol === 'https:' ? requestTls : requestPlain
  return new Promise((resolve, reject) => void send(target, options, resolve).on('error', reject).end(body))
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

/** EINVAL: longer than a name can be, so nobody was asked. */
const withoutAddress: readonly unknown[] = ['ENOTFOUND', 'ENODATA', 'EINVAL']

function unknownName(error: NodeJS.ErrnoException): readonly LookupAddress[] {
  if (withoutAddress.includes(error.code)) return []
  throw error
}
