/** Runs inside the client's pod: a request whose second half is sent `seconds` after the first; gives the answer's status. */
export interface SlowRequest {
  readonly url: string
  readonly key: string
  readonly body: object
  readonly seconds: number
}

/** @returns 200, another status, or what happened to the connection */
export async function sendSlowly({ url, key, body, seconds }: SlowRequest): Promise<number | string> {
  const { request } = await import('node:http')
  const text = JSON.stringify(body)
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) } // prettier-ignore
  return new Promise(resolve => {
    const outgoing = request(url, { method: 'POST', headers, agent: false }, response => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0))
    })
    outgoing.once('error', error => resolve(error.message))
    outgoing.write(text.slice(0, 10))
    setTimeout(() => outgoing.end(text.slice(10)), seconds * 1000)
  })
}
