import { chunkingSchema, type ChunkingSettings, chunkingVersion } from '../contract/chunking.ts'
import { settingsFingerprint } from '../contract/fingerprint.ts'
import { PermanentFailure } from './job-failure.ts'

/** What chunking follows from, besides a knowledge base's own settings. */
export interface ChunkingBasis {
  /** The pipeline's: what a knowledge base leaves out. */
  readonly pipeline: ChunkingSettings
  /** Characters that the embedding model reads; no chunk is longer. */
  readonly longest: number
}

/** How documents of a knowledge base are cut now. Pure. @throws PermanentFailure */
export function effectiveChunking(
  own: Readonly<Record<string, unknown>>,
  { pipeline, longest }: ChunkingBasis,
): ChunkingSettings {
  const parsed = chunkingSchema.safeParse({ ...pipeline, ...own })
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new PermanentFailure(
      'KB_CONFIG_ERROR',
      `chunking of the knowledge base: ${issue?.path.join('.')}: ${issue?.message}; change it and reprocess the document`,
    )
  }
  const chunkSize = Math.min(parsed.data.chunkSize, longest)
  return { ...parsed.data, chunkSize, chunkOverlap: Math.min(parsed.data.chunkOverlap, Math.floor(chunkSize / 2)) }
}

/** Names these settings and this version's way to cut by them: `documents.chunking_fingerprint`. Pure. */
export function chunkingFingerprint(settings: ChunkingSettings): string {
  return settingsFingerprint({ ...settings, version: chunkingVersion })
}
