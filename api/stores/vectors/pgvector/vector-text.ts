import type { SparseVector } from '../vector-store.ts'
import { SPARSE_DIMENSIONS } from './table-ddl.ts'

/** `[0.1,0.2]`, the text form of pgvector's `vector`. */
export function denseText(vector: readonly number[] | Float32Array): string {
  return `[${vector.join(',')}]`
}

/** `{1:0.5,7:2}/536870912`, the text form of `sparsevec`, which counts from 1. */
export function sparseText({ indices, values }: SparseVector): string {
  return `{${indices.map((index, place) => `${index + 1}:${values[place]}`).join(',')}}/${SPARSE_DIMENSIONS}`
}

/** What {@link denseText} wrote. */
export function parseDense(text: string): number[] {
  return JSON.parse(text) as number[]
}

/** What {@link sparseText} wrote. */
export function parseSparse(text: string): SparseVector {
  const entries = text.slice(1, text.indexOf('}')).split(',').filter(entry => entry !== '') // prettier-ignore
  const pairs = entries.map(entry => entry.split(':').map(Number) as [number, number])
  return { indices: pairs.map(([index]) => index - 1), values: pairs.map(([, value]) => value) }
}
