import { Readable } from 'node:stream'
import type { Knex } from 'knex'
import type { EmbeddingGenerationRow } from '../stores/postgres/rows.ts'
import { findCollection } from '../stores/vectors/pgvector/registry.ts'
import type { QdrantSnapshots } from '../stores/vectors/qdrant/snapshots.ts'
import type { VectorStore } from '../stores/vectors/vector-store.ts'
import { dumpRows, type RowSource } from './dump-rows.ts'
import { FileWriter, verifyFiles } from './file-writer.ts'
import { type BackedUpCollection, backupName, type Manifest, MANIFEST } from './manifest.ts'
import type { Place } from './places/index.ts'
import { expired } from './retention.ts'
import { newKey } from './seal.ts'

export interface BackupStores {
  readonly database: Knex
  readonly vectors: VectorStore
  /** Of a Qdrant; null with pgvector, whose vectors are rows. */
  readonly snapshots: QdrantSnapshots | null
}

export interface BackupLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

export interface BackupRun {
  readonly stores: BackupStores
  readonly place: Place
  readonly passphrase: string | undefined
  readonly collectionPrefix: string
  readonly product: string
  /** Slug of the one tenant to export; null: everything. */
  readonly tenant: string | null
  readonly now: () => Date
  readonly log: BackupLog
}

/**
 * Writes a backup, reads it back, and only then makes it count. One that fails leaves those before as they are.
 * @throws BackupDamaged when what lies there is not what was written, and the stores' and the place's errors
 */
export async function takeBackup(run: BackupRun): Promise<Manifest> {
  const { place, log } = run
  const name = backupName(run.now())
  if ((await place.list()).some(backup => backup.name === name))
    throw new Error(`${place.about} has a backup ${name} already; wait a second`)
  try {
    const manifest = await writeFiles(run, name)
    await verifyFiles(place, manifest)
    await place.write(`${name}/${MANIFEST}`, Readable.from([JSON.stringify(manifest, null, 2)]))
    log.info({ backup: name, place: place.about, ...sizeOf(manifest) }, 'the backup is complete')
    return manifest
  } catch (error) {
    await place.remove(name).catch(() => undefined)
    throw error
  }
}

async function writeFiles(run: BackupRun, name: string): Promise<Manifest> {
  const key = run.passphrase === undefined ? null : newKey(run.passphrase)
  const files = new FileWriter(run.place, name, key)
  const { generations, ...rows } = await dumpRows(rowSource(run), files)
  const collections = await collectionsOf(run.stores, generations)
  if (run.stores.snapshots) await saveSnapshots(run.stores.snapshots, files, collections)
  return {
    format: 1,
    name,
    kind: run.tenant === null ? 'pipeline' : 'tenant',
    product: run.product,
    engine: run.stores.vectors.engine,
    collectionPrefix: run.collectionPrefix,
    ...rows,
    vectorsAt: run.tenant === null ? run.now().toISOString() : null,
    collections,
    encryption: key?.about ?? null,
    files: files.files,
  }
}

function rowSource({ stores, tenant }: BackupRun): RowSource {
  return { database: stores.database, withVectors: stores.snapshots === null && tenant === null, only: tenant }
}

/** Of the recorded collections those that are there. */
async function collectionsOf(
  stores: BackupStores,
  generations: readonly EmbeddingGenerationRow[],
): Promise<BackedUpCollection[]> {
  const { collections } = stores.vectors
  const found: BackedUpCollection[] = []
  for (const { collection, alias } of generations) {
    const state = await collections.describe(collection)
    if (!state) continue
    const target = await collections.resolve(alias)
    found.push({ name: collection, alias: target === collection ? alias : null, points: state.points, spec: await specOf(stores, collection) }) // prettier-ignore
  }
  return found
}

/** What a table of the pgvector engine is made anew from; a snapshot needs none of it. */
async function specOf({ database, snapshots }: BackupStores, collection: string): Promise<BackedUpCollection['spec']> {
  const row = snapshots ? undefined : await findCollection(database, collection)
  if (!row) return null
  const { dimension, distance, hnsw, tenancy, owner, fingerprint } = row
  const dense = dimension !== null && distance !== null ? { dense: { dimension, distance } } : {}
  return { ...dense, hnsw, tenancy, owner, fingerprint }
}

async function saveSnapshots(
  snapshots: QdrantSnapshots,
  files: FileWriter,
  collections: readonly BackedUpCollection[],
) {
  for (const { name: collection } of collections) {
    const content = () => ({ kind: 'snapshot', collection }) as const
    await snapshots.take(collection, bytes => files.add(`vectors/${collection}.snapshot`, bytes, content))
  }
}

/** For logs. */
function sizeOf({ files, tenants, collections }: Manifest) {
  const rows = files.reduce((sum, { content }) => sum + ('rows' in content ? content.rows : 0), 0)
  const points = collections.reduce((sum, collection) => sum + collection.points, 0)
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  return { tenants: tenants.length, rows, points, files: files.length, bytes }
}

/** Deletes backups whose time is over; gives their names. One that cannot be deleted does not keep the others. */
export async function prune(place: Place, retentionMs: number, now: Date, log: BackupLog): Promise<string[]> {
  const removed: string[] = []
  for (const name of expired(await place.list(), retentionMs, now)) {
    try {
      await place.remove(name)
      removed.push(name)
    } catch (error) {
      log.warn({ backup: name, err: error }, 'an old backup could not be deleted')
    }
  }
  if (removed.length > 0) log.info({ backups: removed }, 'deleted backups whose time is over')
  return removed
}
