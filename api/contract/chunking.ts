import { z } from 'zod'
import { enrichersSchema } from './enrichers.ts'

/** The chunkers there are; one file each in api/ingestion/chunkers, registered in its index. */
export const chunkerNames = [
  'recursive',
  'markdown',
  'sentence',
  'simple',
  'sliding_window',
  'token',
  'code',
  'parent_child',
] as const
export type ChunkerName = (typeof chunkerNames)[number]

/** Goes up when the same settings cut a text otherwise than before; part of what `documents.chunking_fingerprint` is made of. */
export const chunkingVersion = 2

/** How documents are cut; the same shape in RagPipeline, RagTenant and the knowledge-base routes. */
export const chunkingSchema = z
  .strictObject({
    chunker: z
      .enum(chunkerNames)
      .default('recursive')
      .describe(
        'How documents are cut into chunks: `recursive` suits any text, `markdown`, `sentence` and `code` (by syntax) keep what belongs together, `parent_child` searches small parts of large chunks, `token` counts tokens, `sliding_window` and `simple` only words.',
      ),
    chunkSize: z
      .int()
      .min(64)
      .max(8192)
      .default(1000)
      .describe(
        'Longest chunk, in characters (chunker `token`: in tokens); never more than the embedding model reads, in its own tokens.',
      ),
    chunkOverlap: z
      .int()
      .min(0)
      .max(4096)
      .default(150)
      .describe('How many characters of the previous chunk the next one repeats; less than half of chunkSize.'),
    enrichers: enrichersSchema,
  })
  .refine(settings => settings.chunkOverlap * 2 <= settings.chunkSize, {
    path: ['chunkOverlap'],
    message: 'must be at most half of chunkSize',
  })

export type ChunkingSettings = z.infer<typeof chunkingSchema>

export const defaultChunking: ChunkingSettings = chunkingSchema.parse({})
