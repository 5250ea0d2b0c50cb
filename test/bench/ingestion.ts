import { writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { mochaGlobalTeardown } from '../support/teardown.ts'
import { failRun } from './fail-run.ts'
import { positive } from './api/options.ts'
import { startStack } from './api/stack.ts'
import { buildProduct } from './build-product.ts'
import { type Figure, figureTable, isKept } from './figure.ts'
import { memory } from './ingestion/memory.ts'
import { queriesDuringIngestion } from './ingestion/queries.ts'
import { rate } from './ingestion/rate.ts'

/**
 * What ingestion costs: its rate against that of the embedder alone, what questions take meanwhile, and the worker's memory over many
 * documents. API and worker are processes, as in their images. `npm run bench:ingestion`; `--small` takes two minutes. Ends with 1
 * when a bound is broken.
 */
const parts = ['rate', 'queries', 'memory'] as const
const { values } = parseArgs({
  options: {
    part: { type: 'string', multiple: true, default: [...parts] },
    engine: { type: 'string', default: process.env['QDRANT_URL'] ? 'qdrant' : 'pgvector' },
    small: { type: 'boolean', default: false },
    documents: { type: 'string' },
    json: { type: 'string' },
  },
})
const engine = values.engine === 'qdrant' ? 'qdrant' : 'pgvector'
const size = values.small
  ? { rate: { documents: 25, rounds: 3 }, queries: { chunks: 500, seconds: 3, rounds: 3 }, memory: 1000 }
  : { rate: { documents: 100, rounds: 5 }, queries: { chunks: 2000, seconds: 8, rounds: 3 }, memory: 20_000 }
const documents = values.documents === undefined ? size.memory : positive('documents', values.documents)
const wanted = (part: (typeof parts)[number]) => values.part.includes(part)
const say = (line: string) => process.stderr.write(`${line}\n`)
const figures: Figure[] = []

try {
  await buildProduct()
  if (wanted('rate') || wanted('queries')) {
    const stack = await startStack({ engine, embedding: 'local', built: true })
    if (wanted('rate')) figures.push(...(await rate(stack, size.rate)))
    if (wanted('queries')) figures.push(...(await queriesDuringIngestion(stack, size.queries)))
    await Promise.all([stack.api.stop(), stack.worker.stop()])
  }
  // The model would take all the time: here the vectors cost nothing.
  if (wanted('memory')) figures.push(...(await memory(await startStack({ engine, built: true }), documents, say)))
  console.log(`${engine}, load average ${loadavg()[0]?.toFixed(1)}\n`)
  console.log(figureTable(figures))
  const json = JSON.stringify({ engine, size, figures })
  if (values.json) await writeFile(values.json, `${json}\n`)
  else console.log(`\n${json}`)
  if (!figures.every(isKept)) failRun()
} finally {
  await mochaGlobalTeardown()
}
