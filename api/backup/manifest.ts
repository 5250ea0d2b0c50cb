import { z } from 'zod'
import { ownerSchema } from '../contract/ownership.ts'

/**
 * What a backup consists of. It is written last: a folder without one is a backup that was interrupted, and counts for
 * nothing. Paths are relative to the backup; hashes and sizes are of the files as they lie there.
 */
const fileSchema = z.object({
  path: z.string(),
  /** In hex. */
  sha256: z.string(),
  bytes: z.int(),
  content: z.discriminatedUnion('kind', [
    /** COPY text of a table; `tenant` is its slug, null for the control schema. In the order in which they are put back. */
    z.object({ kind: z.literal('rows'), tenant: z.string().nullable(), table: z.string(), columns: z.array(z.string()).readonly(), rows: z.int() }), // prettier-ignore
    /** Qdrant's own snapshot of a collection. */
    z.object({ kind: z.literal('snapshot'), collection: z.string() }),
    /** COPY text of a collection's table in the pgvector engine. */
    z.object({
      kind: z.literal('vector-rows'),
      collection: z.string(),
      columns: z.array(z.string()).readonly(),
      rows: z.int(),
    }),
  ]),
})

const collectionSchema = z.object({
  name: z.string(),
  /** That points at it; null when none does. */
  alias: z.string().nullable(),
  points: z.int(),
  /** What it is made anew from where a snapshot does not say: CollectionSpec of the vector store. */
  spec: z.record(z.string(), z.unknown()).nullable(),
})

export const manifestSchema = z.object({
  format: z.literal(1),
  name: z.string(),
  /** `tenant`: the rows of one tenant; its vectors are computed again where it is imported. */
  kind: z.enum(['pipeline', 'tenant']),
  product: z.string(),
  engine: z.enum(['qdrant', 'pgvector']),
  collectionPrefix: z.string(),
  /** What the rows are as of; those of all schemas are of this one moment. */
  databaseAt: z.string(),
  /** When the last collection's snapshot was taken. What changed in between is found and indexed again on restore. */
  vectorsAt: z.string().nullable(),
  control: z.object({ owner: ownerSchema.nullable(), migrations: z.array(z.string()) }),
  tenants: z.array(z.object({ slug: z.string(), owner: ownerSchema.nullable(), migrations: z.array(z.string()) })),
  collections: z.array(collectionSchema),
  encryption: z
    .object({ algorithm: z.literal('aes-256-gcm'), kdf: z.literal('scrypt'), salt: z.string(), check: z.string() })
    .nullable(),
  files: z.array(fileSchema),
})

export type Manifest = z.output<typeof manifestSchema>
export type BackupFile = Manifest['files'][number]
export type FileContent = BackupFile['content']
export type BackedUpCollection = Manifest['collections'][number]

export const MANIFEST = 'manifest.json'

/** `selfrag-20261124T030000Z`; names sort by time. */
export function backupName(at: Date): string {
  return `selfrag-${at.toISOString().replace(/[-:]|\.\d+/g, '')}`
}

/** When a backup of that name began; null when it is the name of something else. */
export function backupTime(name: string): Date | null {
  const match = /^selfrag-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(name)
  if (!match) return null
  const [, year, month, day, hour, minute, second] = match
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(time.getTime()) ? null : time
}
