import { endianness } from 'node:os'

/** Vectors as bytes of float32, little endian: what chunk_drafts and summaries keep. */
export function encodeEmbedding(vector: Float32Array, dimension: number): Buffer {
  if (vector.length !== dimension)
    throw new TypeError(`an embedder gave a vector of ${vector.length} dimensions and called it ${dimension}`)
  const bytes = Buffer.copyBytesFrom(vector)
  return endianness() === 'LE' ? bytes : bytes.swap32()
}

/** The inverse of {@link encodeEmbedding}. */
export function decodeEmbedding(bytes: Buffer): Float32Array {
  // Copied, because the driver's buffer need not begin at a multiple of four.
  const copy = Buffer.from(bytes)
  const ordered = endianness() === 'LE' ? copy : copy.swap32()
  return new Float32Array(Uint8Array.from(ordered).buffer)
}
