import { Corpus } from '../api/corpus.ts'
import { countReady, fill, makeTenant } from '../api/fill.ts'
import { type Latencies, median } from '../api/latencies.ts'
import { apiRequests, type HttpRequest, httpLoad } from '../api/load.ts'
import { makeQueries } from '../api/query.ts'
import type { Stack } from '../api/stack.ts'
import type { Figure } from '../figure.ts'
import { Intake } from './documents.ts'

export interface QueryOptions {
  /** Of the tenant that is asked; another one is filled meanwhile. */
  readonly chunks: number
  readonly seconds: number
  readonly rounds: number
}

/** So many documents wait at least, so that the worker has work for the whole of a measurement. */
const BACKLOG = 40

/** What questions take while the worker is at rest, and while it indexes another tenant's documents as fast as it can; in turns. */
export async function queriesDuringIngestion(stack: Stack, options: QueryOptions): Promise<Figure[]> {
  const corpus = new Corpus()
  const [asked] = await fill(stack, corpus, { tenants: 1, chunks: options.chunks })
  const busy = await makeTenant(stack, 'bench-busy')
  const intake = new Intake(stack, busy, corpus)
  const known = apiRequests(makeQueries(corpus, [asked!])('hybrid'))
  await httpLoad(stack.url, known, { connections: 4, seconds: 2 })
  // Enough that none comes twice: each is embedded by the model in the API.
  const unknown = () => apiRequests(Array.from({ length: 10 }, () => makeQueries(corpus, [asked!])('hybrid')).flat())

  const measure = async (requests: () => readonly HttpRequest[]) => {
    const idle: Latencies[] = []
    const during: Latencies[] = []
    for (let round = 0; round < options.rounds; round++) {
      idle.push(await httpLoad(stack.url, requests(), { connections: 1, seconds: options.seconds }))
      during.push(await whileIngesting(stack, busy, intake, () => httpLoad(stack.url, requests(), { connections: 1, seconds: options.seconds }))) // prettier-ignore
    }
    return { idle: median(idle), during: median(during) }
  }
  return [
    ...figuresOf('questions that came before', await measure(() => known)),
    ...figuresOf('questions that the model reads', await measure(unknown)),
  ]
}

function figuresOf(what: string, { idle, during }: { idle: Latencies; during: Latencies }): Figure[] {
  return [
    { what: `${what}: p50 at rest`, value: idle.p50, unit: 'ms', below: null },
    { what: `${what}: p50 during ingestion`, value: during.p50, unit: 'ms', below: null },
    { what: `${what}: p95 at rest`, value: idle.p95, unit: 'ms', below: null },
    { what: `${what}: p95 during ingestion`, value: during.p95, unit: 'ms', below: null },
    { what: `${what}: p95, times that at rest`, value: during.p95 / idle.p95, unit: '', below: 2 },
    { what: `${what}: failed`, value: idle.failed + during.failed, unit: '', below: 1 },
  ]
}

/** Keeps the worker at work until `measurement` is over, and lets it end what it has. */
async function whileIngesting<T>(
  stack: Stack,
  tenant: Parameters<typeof countReady>[1],
  intake: Intake,
  measurement: () => Promise<T>,
): Promise<T> {
  await intake.send(BACKLOG)
  let over = false
  const feeding = (async () => {
    while (!over) {
      const waiting = intake.sent - (await countReady(stack, tenant))
      if (waiting < BACKLOG) await intake.send(BACKLOG / 2)
      await new Promise(resolve => setTimeout(resolve, 1000))
    }
  })()
  try {
    return await measurement()
  } finally {
    over = true
    await feeding
    await intake.done()
  }
}
