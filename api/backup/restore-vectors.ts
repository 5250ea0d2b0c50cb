import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { qualified, findCollection } from '../stores/vectors/pgvector/registry.ts'
import type { QdrantSnapshots } from '../stores/vectors/qdrant/snapshots.ts'
import type { CollectionSpec } from '../stores/vectors/vector-store.ts'
import type { BackupFile, Manifest } from './manifest.ts'
import { renamed } from './renamed.ts'
import { type OpenFile, RestoreRefused, restoreVectorRows } from './restore-rows.ts'
import type { BackupStores } from './take-backup.ts'

export interface VectorTarget extends BackupStores {
  readonly collectionPrefix: string
  /** Deletes a collection of the same name first. */
  readonly replace: boolean
}

/** Puts every collection back, and its alias; gives how many points they have. @throws RestoreRefused */
export async function restoreVectors(target: VectorTarget, manifest: Manifest, open: OpenFile): Promise<number> {
  const { collections } = target.vectors
  if (manifest.engine !== target.vectors.engine)
    throw new RestoreRefused(`the backup is of the engine ${manifest.engine}, and VECTOR_ENGINE is ${target.vectors.engine}; restore with the same engine`) // prettier-ignore
  let points = 0
  for (const collection of manifest.collections) {
    const name = renamed(collection.name, manifest.collectionPrefix, target.collectionPrefix)
    const file = manifest.files.find(({ content }) => 'collection' in content && content.collection === collection.name)
    if (!file) throw new RestoreRefused(`the backup has no file for collection ${collection.name}; use another backup`)
    if (await collections.describe(name)) {
      if (!target.replace) throw new RestoreRefused(`collection ${name} is there already; say --replace to delete it`)
      await collections.delete(name)
    }
    await restoreCollection(target, { name, spec: collection.spec }, file, open)
    if (collection.alias !== null)
      await collections.setAlias(renamed(collection.alias, manifest.collectionPrefix, target.collectionPrefix), name)
    points += (await collections.describe(name))?.points ?? 0
  }
  return points
}

async function restoreCollection(
  { database, vectors, snapshots }: VectorTarget,
  { name, spec }: { name: string; spec: Manifest['collections'][number]['spec'] },
  file: BackupFile,
  open: OpenFile,
): Promise<void> {
  const { content } = file
  if (content.kind === 'snapshot' && snapshots) return putSnapshot(snapshots, name, file, open)
  if (content.kind !== 'vector-rows' || !spec)
    throw new RestoreRefused(`the backup does not say how collection ${name} was made; use another backup`)
  await vectors.collections.create(name, spec as unknown as CollectionSpec)
  const row = await findCollection(database, name)
  const table = row && qualified(row).split('.').at(-1)
  if (!table) throw new Error(`collection ${name} was made and is not there`)
  await restoreVectorRows(database, { ...file, content }, table, open)
}

/** By way of a local file, whose length the upload has to name first. */
async function putSnapshot(snapshots: QdrantSnapshots, name: string, file: BackupFile, open: OpenFile): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'selfrag-restore-'))
  try {
    const local = join(folder, 'snapshot')
    await pipeline(await open(file), createWriteStream(local, { mode: 0o600 }))
    await snapshots.put(name, local)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
