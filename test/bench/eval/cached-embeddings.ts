import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { EmbeddingPurpose } from '../../../api/providers/embedders/embedder.ts'
import { localEmbedder } from '../../support/local-embedder.ts'

const folder = join(import.meta.dirname, '../../../node_modules/.cache/selfrag-bench')

/** Vectors of the local model, kept on disk: a second run of a benchmark embeds nothing. */
export async function cachedEmbeddings(texts: readonly string[], purpose: EmbeddingPurpose): Promise<Float32Array[]> {
  const embedder = await localEmbedder()
  const { model, dimension } = embedder
  const key = createHash('sha256')
    .update(JSON.stringify([model, purpose, texts]))
    .digest('hex')
    .slice(0, 16)
  const path = join(folder, `${key}.f32`)
  const kept = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    return null
  })
  if (kept) {
    const all = new Float32Array(kept.buffer, kept.byteOffset, kept.byteLength / 4)
    return texts.map((_, index) => all.subarray(index * dimension, (index + 1) * dimension))
  }
  const vectors = await embedder.embed(texts, purpose)
  await mkdir(folder, { recursive: true })
  await writeFile(path, Buffer.concat(vectors.map(vector => Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength)))) // prettier-ignore
  return vectors
}
