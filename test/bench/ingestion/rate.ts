import { CHUNKS_IN_DOCUMENT, Corpus } from '../api/corpus.ts'
import { openEmbedder } from '../api/embedder-alone.ts'
import { makeTenant } from '../api/fill.ts'
import type { Stack } from '../api/stack.ts'
import type { Figure } from '../figure.ts'
import { middle } from '../middle.ts'
import { Intake } from './documents.ts'

/** Documents that the worker embeds at the same time, as WORKER_CONCURRENCY has it by default. */
const AT_A_TIME = 2

export interface RateOptions {
  readonly documents: number
  readonly rounds: number
}

/**
 * Chunks a second that the worker makes searchable, against what its model alone embeds on the same cores: in turns, the same texts.
 */
export async function rate(stack: Stack, { documents, rounds }: RateOptions): Promise<Figure[]> {
  const tenant = await makeTenant(stack, 'bench-rate')
  const intake = new Intake(stack, tenant, new Corpus())
  const embedder = await openEmbedder(stack.environment)
  const texts = new Corpus()
  const embedOne = () => embedder.embed(textsOf(texts.document()), 'document')
  // Both models are loaded, and code is compiled, before it counts.
  await embedOne()
  await intake.send(2 * AT_A_TIME)
  await intake.done()

  const alone: number[] = []
  const ingested: number[] = []
  for (let round = 0; round < rounds; round++) {
    alone.push(
      await chunksPerSecond(documents, async () => {
        let left = documents
        await Promise.all(
          Array.from({ length: AT_A_TIME }, async () => {
            while (left-- > 0) await embedOne()
          }),
        )
      }),
    )
    ingested.push(
      await chunksPerSecond(documents, async () => {
        await intake.send(documents)
        await intake.done()
      }),
    )
  }
  await embedder.close()
  const shares = ingested.map((value, round) => value / alone[round]!)
  return [
    { what: 'embedder alone', value: middle(alone), unit: 'chunks/s', below: null },
    { what: 'worker', value: middle(ingested), unit: 'chunks/s', below: null },
    { what: 'worker, share of the embedder alone', value: middle(shares), unit: '', below: null, atLeast: 0.9 },
  ]
}

async function chunksPerSecond(documents: number, work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return (documents * CHUNKS_IN_DOCUMENT) / ((performance.now() - start) / 1000)
}

/** What the worker gives its model for a document of the corpus. */
function textsOf(document: string): string[] {
  return document.split(/\n\n(?=## )/).map(chunk => {
    const [heading = '', text = ''] = chunk.split('\n\n')
    return `Document 1 > ${heading.replace('## ', '')}\n${text}`
  })
}
