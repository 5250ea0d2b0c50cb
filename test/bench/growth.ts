import { writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import PQueue from 'p-queue'
import { mochaGlobalTeardown } from '../support/teardown.ts'
import { failRun } from './fail-run.ts'
import { Corpus } from './api/corpus.ts'
import { type FilledTenant, makeTenant } from './api/fill.ts'
import { openApplication } from './api/open-application.ts'
import { positive, retriever } from './api/options.ts'
import { makeQueries } from './api/query.ts'
import { startStack } from './api/stack.ts'
import { buildProduct } from './build-product.ts'
import { columns, round } from './columns.ts'
import { fillDirectly } from './growth/fill-directly.ts'
import { type Measured, measure } from './growth/measure.ts'
import { sizeOf, withoutGraph } from './growth/pgvector-graph.ts'

/**
 * How cost grows on pgvector: first with the chunks of one tenant, in a collection of its own and in the shared one, then with the
 * number of tenants. Chunks are written directly, see growth/fill-directly.ts. `npm run bench:growth`.
 */
const { values } = parseArgs({
  options: {
    chunks: { type: 'string', default: '1000,10000,100000' },
    tenants: { type: 'string', default: '1,100,1000' },
    'chunks-of-a-tenant': { type: 'string', default: '100' },
    isolation: { type: 'string', multiple: true, default: ['Dedicated', 'Shared'] },
    retriever: { type: 'string', default: 'hybrid' },
    seconds: { type: 'string', default: '3' },
    json: { type: 'string' },
  },
})
const list = (name: 'chunks' | 'tenants') => values[name].split(',').map(text => positive(name, text))
const ask = retriever(values.retriever)
const seconds = positive('seconds', values.seconds)
const chunksOfTenant = positive('chunks-of-a-tenant', values['chunks-of-a-tenant'])

interface Row extends Measured {
  readonly what: string
  /** All chunks of its collection. */
  readonly chunks: number
  readonly storeMegabytes: number
}

const rows: Row[] = []
const say = (line: string) => process.stderr.write(`${((performance.now() - started) / 1000).toFixed(0)} s: ${line}\n`)
const started = performance.now()

try {
  await buildProduct()
  const stack = await startStack({ engine: 'pgvector', built: true })
  // It would count and measure what is written past it.
  await stack.worker.stop()
  const application = await openApplication(stack.environment)
  const { database } = application.stores
  const corpus = new Corpus()
  const inCollection = new Map<string, number>()

  const add = async (tenants: readonly FilledTenant[], chunks: number) => {
    const { scope } = await application.gate.authentication.authenticate(tenants[0]!.key)
    await withoutGraph(database, scope.collection, async () => {
      for (const tenant of tenants) await fillDirectly(application, tenant, corpus, chunks)
    })
    inCollection.set(scope.collection, (inCollection.get(scope.collection) ?? 0) + chunks * tenants.length)
    return scope.collection
  }
  const note = async (what: string, collection: string, tenants: readonly FilledTenant[]) => {
    const measured = await measure(stack, makeQueries(new Corpus(), tenants)(ask), seconds)
    rows.push({
      what,
      chunks: inCollection.get(collection)!,
      storeMegabytes: await sizeOf(database, collection),
      ...measured,
    })
    say(`${what}: p50 ${round(measured.api.p50)} ms`)
  }

  for (const isolation of values.isolation) {
    const tenant = await makeTenant(stack, `one-${isolation.toLowerCase()}`, { isolation })
    let filled = 0
    for (const chunks of list('chunks')) {
      const collection = await add([tenant], chunks - filled)
      filled = chunks
      say(`${chunks} chunks written`)
      await note(`1 tenant, ${isolation.toLowerCase()}`, collection, [tenant])
    }
  }
  const tenants: FilledTenant[] = []
  for (const count of list('tenants')) {
    const makers = new PQueue({ concurrency: 4 })
    const names = Array.from({ length: count - tenants.length }, (_, index) => `small-${tenants.length + index}`)
    const more = await makers.addAll(names.map(name => () => makeTenant(stack, name, { isolation: 'Shared' })))
    say(`${count} tenants made`)
    const collection = await add(more, chunksOfTenant)
    tenants.push(...more)
    await note(
      `${count} ${count === 1 ? 'tenant' : 'tenants'} of ${chunksOfTenant} chunks, shared`,
      collection,
      tenants,
    )
  }
  await application.close()

  console.log(`pgvector, ${ask}, 384 dimensions, load average ${loadavg()[0]?.toFixed(1)}\n`)
  console.log(table(rows))
  const json = JSON.stringify({ retriever: ask, rows })
  if (values.json) await writeFile(values.json, `${json}\n`)
  else console.log(`\n${json}`)
  if (rows.some(({ api, loaded }) => api.failed + loaded.failed > 0)) failRun()
} finally {
  await mochaGlobalTeardown()
}

function table(measured: readonly Row[]): string {
  const head = ['', 'chunks in the collection', 'raw p50 ms', 'API p50 ms', 'API p95 ms', 'a second, 8 at a time', 'API MB', 'store MB'] // prettier-ignore
  const body = measured.map(({ what, chunks, raw, api, loaded, megabytes, storeMegabytes }) => [
    what,
    ...[chunks, raw.p50, api.p50, api.p95, loaded.perSecond, megabytes, storeMegabytes].map(value =>
      String(round(value)),
    ),
  ])
  return columns([head, ...body]).join('\n')
}
