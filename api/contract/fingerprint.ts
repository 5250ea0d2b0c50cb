import { createHash } from 'node:crypto'

export type Distance = 'cosine' | 'dot' | 'euclid'

/**
 * What decides whether a query vector and a stored vector can be compared. Two generations with equal values hold the
 * same vector space; one different value makes them strangers. See hack/adr/0004-fingerprint.md for why the chunker's
 * settings stand beside it (per document) and not in it.
 */
export interface VectorSpace {
  readonly model: string
  readonly dimension: number
  readonly distance: Distance
  /** Version of the text analysis that makes the bm25 vectors, `analyzerVersion` in ./analyzer.ts. */
  readonly analyzer: string
}

/** 16 hex digits over the space's canonical form; stands in collection metadata, in Postgres and in status. */
export function fingerprint(space: VectorSpace): string {
  return digest([space.model, space.dimension, space.distance, space.analyzer])
}

/** 16 hex digits over settings that are plain JSON, independent of the order of their keys. */
export function settingsFingerprint(settings: object): string {
  return digest(sorted(settings))
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]))
}
