import { setTimeout as delay } from 'node:timers/promises'
import { Corpus } from '../api/corpus.ts'
import { countReady, makeTenant } from '../api/fill.ts'
import type { Stack } from '../api/stack.ts'
import type { Figure } from '../figure.ts'
import { memoryOf } from '../operator/process-times.ts'
import { Intake } from './documents.ts'

/** Most documents that wait: a long queue is another measurement. */
const MOST_WAITING = 500
const CHUNKS = 2

interface Sample {
  readonly documents: number
  readonly megabytes: number
}

/** In the first thousands of documents V8's heap finds its size. */
const LONG = 10_000

/** The worker's memory over many documents: what the last quarter needs must not be more than what the second one did. */
export async function memory(stack: Stack, documents: number, say: (line: string) => void): Promise<Figure[]> {
  const tenant = await makeTenant(stack, 'bench-memory')
  const intake = new Intake(stack, tenant, new Corpus(), CHUNKS)
  const samples: Sample[] = []
  const started = performance.now()
  for (let ready = 0; ready < documents;) {
    if (intake.sent < documents && intake.sent - ready < MOST_WAITING)
      await intake.send(Math.min(100, documents - intake.sent))
    else await delay(250)
    ready = await countReady(stack, tenant)
    samples.push({ documents: ready, megabytes: memoryOf(stack.worker.pid).now })
    if (samples.length % 100 === 0)
      say(`${ready} of ${documents} documents, ${Math.round(samples.at(-1)!.megabytes)} MB`)
  }
  const seconds = (performance.now() - started) / 1000
  const most = (quarter: number) => Math.max(...samples.filter(sample => Math.min(3, Math.floor((4 * sample.documents) / documents)) === quarter - 1).map(({ megabytes }) => megabytes)) // prettier-ignore
  return [
    {
      what: `worker, ${documents} documents of ${CHUNKS} chunks`,
      value: documents / seconds,
      unit: 'documents/s',
      below: null,
    },
    { what: 'memory, most in the first quarter', value: most(1), unit: 'MB', below: null },
    { what: 'memory, most in the second quarter', value: most(2), unit: 'MB', below: null },
    { what: 'memory, most in the last quarter', value: most(4), unit: 'MB', below: null },
    { what: 'memory, growth over the last half', value: slope(samples.filter(sample => sample.documents > documents / 2)) * 10_000, unit: 'MB in 10,000 documents', below: null }, // prettier-ignore
    {
      what: 'memory, last quarter against the second',
      value: most(4) / most(2),
      unit: '',
      below: documents < LONG ? 1.3 : 1.1,
    },
  ]
}

/** Least squares: megabytes a document. */
function slope(samples: readonly Sample[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const x = mean(samples.map(({ documents }) => documents))
  const y = mean(samples.map(({ megabytes }) => megabytes))
  const products = samples.reduce((sum, { documents, megabytes }) => sum + (documents - x) * (megabytes - y), 0)
  const squares = samples.reduce((sum, { documents }) => sum + (documents - x) ** 2, 0)
  return products / squares
}
