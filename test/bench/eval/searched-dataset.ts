import { basename } from 'node:path'
import type { ChunkingSettings } from '../../../api/contract/chunking.ts'
import type { MeasuredLeg } from '../../../api/contract/leg-worth.ts'
import type { Ranked } from '../../../api/retrieval/fusion/ranked.ts'
import { cachedEmbeddings } from './cached-embeddings.ts'
import { type CutChunk, cutDocuments } from './cut-documents.ts'
import { type EvalQuery, readDataset } from './dataset.ts'
import { denseIndex, lexicalIndex } from './exact-index.ts'
import { measureWorth } from './measure-worth.ts'

/** What both legs find for one question, best first, on exact lists. */
export interface Found {
  readonly query: EvalQuery
  readonly vector: Float32Array
  readonly dense: readonly Ranked[]
  readonly bm25: readonly Ranked[]
}

export interface SearchedDataset {
  readonly name: string
  readonly documents: number
  readonly chunks: readonly CutChunk[]
  readonly vectors: readonly Float32Array[]
  readonly worth: Readonly<Record<MeasuredLeg, number>>
  readonly found: readonly Found[]
  readonly bm25: (words: string) => readonly Ranked[]
  readonly chunkOf: (id: string) => CutChunk
  readonly vectorOf: (id: string) => Float32Array
}

/** Cuts, embeds, measures and searches a data set in this process; vectors come from the cache of a run before. */
export async function searchDataset(
  folder: string,
  limit: number,
  chunking?: ChunkingSettings,
): Promise<SearchedDataset> {
  const { documents, queries } = await readDataset(folder)
  const chunks = await cutDocuments(documents, chunking)
  const vectors = await cachedEmbeddings(chunks.map(({ searched }) => searched), 'document') // prettier-ignore
  const index = { dense: denseIndex(vectors), bm25: lexicalIndex(chunks.map(({ searched }) => searched)) }
  const asked = await cachedEmbeddings(queries.map(({ text }) => text), 'query') // prettier-ignore
  const bm25 = (words: string) => index.bm25.search(words, limit)
  return {
    name: basename(folder),
    documents: documents.length,
    chunks,
    vectors,
    worth: await measureWorth(chunks, index),
    found: queries.map((query, at) => ({ query, vector: asked[at]!, dense: index.dense(asked[at]!, limit), bm25: bm25(query.text) })), // prettier-ignore
    bm25,
    chunkOf: id => chunks[Number(id)]!,
    vectorOf: id => vectors[Number(id)]!,
  }
}
