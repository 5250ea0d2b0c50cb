import type { IncomingMessage } from 'node:http'
import { basename } from 'node:path/posix'
import { ApiError } from '../contract/error-codes.ts'

/** A URL as a caller gives it. @throws ApiError VALIDATION_ERROR */
export function checkUrl(text: string): URL {
  // The parser of the standard also reads `http://0x7f.1` as 127.0.0.1, so that addresses have one spelling from here on.
  if (!URL.canParse(text)) throw invalid('must be a whole URL, such as https://example.com/handbook.pdf')
  const url = new URL(text)
  const fault = faultOf(url)
  if (fault) throw invalid(fault)
  return url
}

/**
 * Where an answer sends to; null when it is the document itself.
 * @throws ApiError FETCH_FAILED for a place that a caller could not have named either
 */
export function redirectOf(
  { statusCode, headers }: Pick<IncomingMessage, 'statusCode' | 'headers'>,
  from: URL,
): URL | null {
  // prettier-ignore
  if (![301, 302, 303, 307, 308].includes(statusCode ?? 0)) return null
  const { location } = headers
  if (location === undefined || !URL.canParse(location, from.href))
    throw new ApiError('FETCH_FAILED', `${from.host} redirects to nowhere`)
  const next = new URL(location, from.href)
  const fault = faultOf(next)
  if (fault) throw new ApiError('FETCH_FAILED', `${from.host} redirects to a URL that ${fault}`)
  return next
}

function faultOf({ protocol, username, password }: URL): string | null {
  if (protocol !== 'http:' && protocol !== 'https:') return 'must begin with http:// or https://'
  if (username || password) return 'must not hold a user name or password, as logs and documents would keep them'
  return null
}

/** What the server calls the document, else the end of its path; never a path. */
export function fileNameOf(url: URL, disposition: string | undefined): string {
  const named = /filename\*?=(?:UTF-8'')?"?([^";]+)/i.exec(disposition ?? '')?.[1]
  const name = basename(decoded(named ?? url.pathname).replaceAll('\\', '/'))
  // eslint-disable-next-line no-control-regex -- just those are to go
  return name.replace(/[\0-\x1f\x7f]/g, '').slice(-200) || url.hostname
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The URL without what may be secret: signed links have it in their query. */
export function publicPart({ origin, pathname }: URL): string {
  return origin + pathname
}

function invalid(detail: string): ApiError {
  return new ApiError('VALIDATION_ERROR', `url: ${detail}`)
}
