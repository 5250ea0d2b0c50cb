import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { bareEnvironment } from '../support/bare-environment.ts'
import { type ServerProcess, startServer } from '../support/child-process.ts'
import { freePort } from '../support/free-port.ts'
import { mochaGlobalTeardown } from '../support/teardown.ts'
import { failRun } from './fail-run.ts'
import { Corpus } from './api/corpus.ts'
import { fill } from './api/fill.ts'
import { type HttpRequest, apiRequests, httpLoad } from './api/load.ts'
import { readOptions } from './api/options.ts'
import { makeQueries } from './api/query.ts'
import { type Stack, startStack } from './api/stack.ts'
import { built, buildProduct } from './build-product.ts'
import { nodeOfImage } from './image.ts'
import { type Figure, figureTable, isKept } from './figure.ts'
import { middle } from './middle.ts'
import { memoryOf } from './operator/process-times.ts'

/**
 * How soon the API answers a question after its start, and what memory it takes then and under load: built JavaScript, as in its
 * image. Once with embeddings that come from a server, once with the model in the process. `npm run bench:start`; ends
 * with 1 when a bound is broken.
 */
const { values } = parseArgs({ options: { starts: { type: 'string', default: '5' }, json: { type: 'string' } } })
const starts = Number(values.starts)
const corpus = new Corpus()
const small = { ...readOptions([]), chunks: 200, tenants: 1 }
const figures: Figure[] = []

try {
  await buildProduct()
  for (const embedding of ['server', 'local'] as const) {
    const stack = await startStack({ engine: small.engine, embedding })
    const tenants = await fill(stack, corpus, small)
    const requests = apiRequests(makeQueries(corpus, tenants)('hybrid'))
    await stack.api.stop()
    await measure(stack, requests, embedding)
  }
  console.log(`median of ${starts} starts, load average ${loadavg()[0]?.toFixed(1)}\n`)
  console.log(figureTable(figures))
  const json = JSON.stringify({ starts, figures })
  if (values.json) await writeFile(values.json, `${json}\n`)
  else console.log(`\n${json}`)
  if (!figures.every(isKept)) failRun()
} finally {
  await mochaGlobalTeardown()
}

async function measure(stack: Stack, requests: readonly HttpRequest[], embedding: 'server' | 'local'): Promise<void> {
  const seconds: number[] = []
  const resting: number[] = []
  const loaded: number[] = []
  for (let start = 0; start < starts; start++) {
    const port = await freePort()
    const began = performance.now()
    await withApi({ ...stack.environment, PORT: String(port) }, async api => {
      await untilAnswered(`http://127.0.0.1:${port}`, requests[start % requests.length]!, api)
      seconds.push((performance.now() - began) / 1000)
      resting.push(memoryOf(api.pid).now)
      await httpLoad(`http://127.0.0.1:${port}`, requests, { connections: 8, seconds: 3 })
      loaded.push(memoryOf(api.pid).now)
    })
  }
  const model = embedding === 'local' ? 'the model in the process' : 'a model server'
  const memory = embedding === 'local' ? null : 150
  figures.push(
    { what: `${model}: first answer after`, value: middle(seconds), unit: 's', below: 2 },
    { what: `${model}: memory then`, value: middle(resting), unit: 'MB', below: memory },
    { what: `${model}: memory after 3 s of load`, value: middle(loaded), unit: 'MB', below: null },
  )
}

async function withApi(environment: Readonly<Record<string, string>>, use: (api: ServerProcess) => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), 'selfrag-bench-'))
  const image = nodeOfImage('Dockerfile.api')
  const env = { ...bareEnvironment, ...image.environment, HOME: process.env['HOME'], ...environment }
  const api = startServer(process.execPath, [...image.flags, join(built, 'api/main.js')], join(folder, 'log'), { env })
  try {
    await use(api)
  } finally {
    await api.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function untilAnswered(url: string, { path, headers, body }: HttpRequest, api: ServerProcess): Promise<void> {
  const send = () => fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body }) // prettier-ignore
  while (api.running()) {
    const response = await send().catch(() => null)
    await response?.arrayBuffer()
    if (response?.ok) return
    await delay(10)
  }
  throw new Error(`the API ended:\n${api.log()}`)
}
