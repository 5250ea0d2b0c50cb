import type { Knex } from 'knex'
import { z } from 'zod'
import { ARCHIVE_PREFIX } from '../contract/names.ts'
import { type Owner, ownerSchema } from '../contract/ownership.ts'

/** Key in the comment of an archived schema. */
export const SNAPSHOT_KEY = 'selfrag_snapshot'

const aboutSchema = z.object({
  slug: z.string(),
  owner: ownerSchema,
  taken_at: z.string(),
  /** Of the vectors beside the rows; null when the tenant had no place among the vectors. */
  fingerprint: z.string().nullable().default(null),
})

/** What an archived schema says of itself: whose it was, since when it lies there, and what its vectors are. */
export type AboutArchive = z.infer<typeof aboutSchema>

export interface Archive {
  readonly schema: string
  readonly about: AboutArchive
}

export function formatAbout(about: AboutArchive): string {
  return JSON.stringify({ [SNAPSHOT_KEY]: about })
}

/** Every archive in the database, oldest first. Schemas of that name which say nothing of themselves are nobody's. */
export async function listArchives(database: Knex): Promise<Archive[]> {
  const { rows } = await database.raw<{ rows: { schema: string; comment: string | null }[] }>(
    `SELECT nspname AS schema, obj_description(oid, 'pg_namespace') AS comment
       FROM pg_namespace WHERE starts_with(nspname, ?)`,
    [ARCHIVE_PREFIX],
  )
  return rows
    .flatMap(({ schema, comment }) => {
      const about = parseAbout(comment)
      return about ? [{ schema, about }] : []
    })
    .sort((a, b) => (a.about.taken_at < b.about.taken_at ? -1 : 1))
}

function parseAbout(comment: string | null): AboutArchive | null {
  try {
    return z.object({ [SNAPSHOT_KEY]: aboutSchema }).safeParse(JSON.parse(comment ?? '')).data?.[SNAPSHOT_KEY] ?? null
  } catch {
    return null
  }
}

/** Whether it was taken of an earlier life of the same resource: the same name in the same namespace and cluster. */
export function isOf({ about }: Archive, owner: Owner): boolean {
  return about.owner.cluster === owner.cluster && about.owner.name !== undefined && about.owner.name === owner.name
}
