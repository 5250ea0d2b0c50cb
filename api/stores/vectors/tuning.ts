import type { HnswSettings } from './vector-store.ts'

/** How a collection is searched and kept: what can be changed while it holds points. */
export interface CollectionTuning {
  readonly hnsw: HnswSettings
  readonly quantization?: 'scalar' | 'binary'
  readonly onDisk?: boolean
}

export const tuningParts = ['hnsw', 'quantization', 'onDisk'] as const
export type TuningPart = (typeof tuningParts)[number]

/** In words, so that a setting that this product never makes can be told too. A part is left out where the engine has none. */
export type TuningWords = Readonly<Partial<Record<TuningPart, string>>>

/** What a tuning looks like in a collection that has all of it. */
export function showTuning({ hnsw, quantization, onDisk }: CollectionTuning): Readonly<Record<TuningPart, string>> {
  return { hnsw: showHnsw(hnsw), quantization: quantization ?? 'none', onDisk: String(onDisk ?? false) }
}

export function showHnsw({ m, efConstruct, fullScanThreshold }: HnswSettings): string {
  return `m ${m}, efConstruct ${efConstruct}, fullScanThreshold ${fullScanThreshold}`
}
