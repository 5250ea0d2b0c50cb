import type { TenantScope } from '../../stores/postgres/tenant-scope.ts'
import type { RetrievedChunk } from '../retriever.ts'
import type { PassageSource } from './passage-source.ts'

/** A chunk, and the part of its document that is to be given in its place. */
export interface Wider {
  readonly chunk: RetrievedChunk
  /** Null: the chunk stays as it is. */
  readonly span: { readonly start: number; readonly end: number } | null
  /** The chunks that the passage stands for, the best first. */
  readonly chunkIds: readonly string[]
}

/**
 * Gives chunks the text of their passages. A passage that does not hold its chunk is not given: the document has been
 * replaced since, and the text at those offsets is another one.
 */
export async function widen(
  source: PassageSource,
  scope: TenantScope,
  wider: readonly Wider[],
): Promise<{ chunks: RetrievedChunk[]; trace: { widened: number; outdated: number } }> {
  const wanted = wider.flatMap(({ chunk, span }, index) =>
    span ? [{ index, passage: { documentId: chunk.documentId, ...span } }] : [],
  )
  const texts = wanted.length === 0 ? [] : await source.read(scope, wanted.map(({ passage }) => passage)) // prettier-ignore
  const textOf = new Map(wanted.map(({ index }, place) => [index, texts[place] ?? null]))
  let widened = 0
  const chunks = wider.map(({ chunk, span, chunkIds }, index): RetrievedChunk => {
    const text = textOf.get(index) ?? null
    if (!span || text === null || !text.includes(chunk.text)) return chunk
    widened += 1
    return { ...chunk, text, passage: { ...span, chunkIds } }
  })
  return { chunks, trace: { widened, outdated: wanted.length - widened } }
}
