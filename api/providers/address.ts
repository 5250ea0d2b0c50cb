/** How requests are made: the global one, or one around it. */
export type Fetch = typeof globalThis.fetch

/** An address without its user and password, which fetch refuses and errors would repeat, and the header that they become. */
export interface Address {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** Takes user and password out of a URL and makes them a header. @throws TypeError for what is no URL */
export function readAddress(baseUrl: string): Address {
  const url = new URL(baseUrl)
  if (url.username === '' && url.password === '') return { url: baseUrl, headers: {} }
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  url.username = ''
  url.password = ''
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`
  return { url: url.href.replace(/\/+$/, ''), headers: { authorization } }
}
