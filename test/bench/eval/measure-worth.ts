import { embeddingText } from '../../../api/ingestion/embedding-text.ts'
import { heldOut } from '../../../api/ingestion/held-out.ts'
import { meanStandardScore, standingOf } from '../../../api/ingestion/held-out-standing.ts'
import { cosine } from '../../../api/retrieval/cosine.ts'
import { POOL } from '../../../api/retrieval/parts.ts'
import type { MeasuredLeg } from '../../../api/contract/leg-worth.ts'
import { cachedEmbeddings } from './cached-embeddings.ts'
import type { CutChunk } from './cut-documents.ts'
import { type ExactIndex, idOf } from './exact-index.ts'

/** As many as api/ingestion/measure-legs.ts takes. */
const PASSAGES = 100

/** What each leg is worth for these chunks, measured as a knowledge base measures it, on exact lists; adds up to 1. */
export async function measureWorth(
  chunks: readonly CutChunk[],
  { dense, bm25 }: ExactIndex,
): Promise<Readonly<Record<MeasuredLeg, number>>> {
  const step = chunks.length / PASSAGES
  const places = new Set(Array.from({ length: PASSAGES }, (_, at) => Math.floor(at * step)))
  const probes = [...places].flatMap((place, at) => {
    const found = heldOut(chunks[place]!.text, at)
    return found ? [{ own: idOf(place), ...found, rest: embeddingText({ ...chunks[place]!, text: found.rest }) }] : []
  })
  const asked = await cachedEmbeddings(probes.map(({ passage }) => passage), 'query') // prettier-ignore
  const expected = await cachedEmbeddings(probes.map(({ rest }) => rest), 'document') // prettier-ignore
  const standings = probes.map(({ own, passage, rest }, at) => ({
    dense: standingOf(dense(asked[at]!, POOL), own, cosine(asked[at]!, expected[at]!), {
      limit: POOL,
      population: POOL,
    }),
    bm25: standingOf(bm25.search(passage, POOL), own, bm25.score(passage, rest), {
      limit: POOL,
      population: POOL,
      floor: 0,
    }),
  }))
  const worth = { dense: meanStandardScore(standings.map(one => one.dense)), bm25: meanStandardScore(standings.map(one => one.bm25)) } // prettier-ignore
  const total = worth.dense + worth.bm25
  return total > 0 ? { dense: worth.dense / total, bm25: worth.bm25 / total } : { dense: 0.5, bm25: 0.5 }
}
