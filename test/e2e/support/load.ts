import { type ClientPod } from './client-pod.ts'

export interface Load {
  readonly url: string
  readonly key: string
  readonly body: object
  /** Connections that are kept between requests; every fourth request opens one of its own. */
  readonly connections: number
  readonly perSecond: number
}

export interface LoadReport {
  readonly answered: number
  /** Requests without an answer, or with another one than 200: when, in ms since the start, and what came instead. */
  readonly failures: readonly { readonly at: number; readonly what: string }[]
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly longest: number
}

/** Sends requests at a steady rate until `end()`; nothing is tried again. */
export function startLoad(client: ClientPod, load: Load): Promise<{ end(): Promise<LoadReport> }> {
  return client.start(sendSteadily, load)
}

/** Runs inside the client's pod: see ClientPod.run. */
async function sendSteadily({ url, key, body, connections, perSecond }: Load): Promise<LoadReport> {
  const { Agent, request } = await import('node:http')
  const kept = new Agent({ keepAlive: true, maxSockets: connections, scheduling: 'fifo' })
  const text = JSON.stringify(body)
  const started = performance.now()
  const failures: { at: number; what: string }[] = []
  const durations: number[] = []
  const send = (keep: boolean) =>
    new Promise<void>(resolve => {
      const at = performance.now()
      const fail = (what: string) => {
        failures.push({ at: Math.round(at - started), what: `${keep ? 'kept' : 'new'} connection: ${what}` })
        resolve()
      }
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) } // prettier-ignore
      const outgoing = request(url, { method: 'POST', headers, agent: keep ? kept : false }, response => {
        let answer = ''
        response.on('data', part => (answer += String(part)))
        response.on('error', error => fail(error.message))
        response.on('end', () => {
          durations.push(performance.now() - at)
          if (response.statusCode === 200) resolve()
          else fail(`${response.statusCode} ${answer.slice(0, 200)}`)
        })
      })
      outgoing.on('error', error => fail(`${error.message} (${outgoing.reusedSocket ? 'used before' : 'fresh'})`))
      outgoing.setTimeout(20_000, () => outgoing.destroy(new Error('no answer in 20 s')))
      outgoing.end(text)
    })
  const running = new Set<Promise<void>>()
  let count = 0
  const timer = setInterval(() => {
    const sent = send(++count % 4 !== 0)
    running.add(sent)
    void sent.finally(() => running.delete(sent))
  }, 1000 / perSecond)
  await new Promise(resolve => process.stdin.once('end', resolve).resume())
  clearInterval(timer)
  await Promise.all(running)
  kept.destroy()
  const sorted = durations.sort((a, b) => a - b)
  const quantile = (part: number) => Math.round(sorted[Math.floor((sorted.length - 1) * part)] ?? 0)
  return { answered: durations.length, failures, p50: quantile(0.5), p99: quantile(0.99), longest: quantile(1) }
}
