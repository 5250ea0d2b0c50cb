import type { Embedder } from '../../../api/providers/embedders/embedder.ts'
import { type Latencies, summarize } from './latencies.ts'
import type { Load } from './load.ts'
import { embedderOf } from './open-application.ts'

/** The product's embedder with nothing around it, in this process: what its model alone can do on these cores. */
export async function openEmbedder(environment: Readonly<Record<string, string>>): Promise<Embedder> {
  const result = await embedderOf(environment)
  if (!result.embedder) throw new Error(`no embedder to compare with: ${result.reason}`)
  return result.embedder
}

export interface EmbedderAlone {
  /** Questions, each embedded by itself, as many at a time as the load says. */
  load(questions: readonly string[], load: Load): Promise<Latencies>
  close(): Promise<void>
}

export async function startEmbedderAlone(environment: Readonly<Record<string, string>>): Promise<EmbedderAlone> {
  const embedder = await openEmbedder(environment)
  await embedder.embed(['Loads the model.'], 'query')
  return {
    close: () => embedder.close(),
    async load(questions, { connections, seconds }) {
      const times: number[] = []
      const end = performance.now() + seconds * 1000
      let next = 0
      const ask = async () => {
        while (performance.now() < end) {
          const start = performance.now()
          await embedder.embed([questions[next++ % questions.length]!], 'query')
          times.push(performance.now() - start)
        }
      }
      await Promise.all(Array.from({ length: connections }, ask))
      return summarize(times, seconds, 0)
    },
  }
}
