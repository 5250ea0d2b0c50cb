import { text } from 'node:stream/consumers'
import { JobQueue } from '../ingestion/queue.ts'
import { openFile, verifyFiles } from './file-writer.ts'
import { type Manifest, MANIFEST, manifestSchema } from './manifest.ts'
import { NothingThere } from './places/place.ts'
import type { Place } from './places/index.ts'
import { reconcileVectors, type Reconciled } from './reconcile-vectors.ts'
import { type OpenFile, RestoreRefused, restoreRows } from './restore-rows.ts'
import { restoreVectors } from './restore-vectors.ts'
import { keyOf } from './seal.ts'
import type { BackupLog, BackupStores } from './take-backup.ts'

export interface RestoreRun {
  readonly stores: BackupStores
  readonly place: Place
  /** Of the backup. */
  readonly passphrase: string | undefined
  readonly collectionPrefix: string
  readonly replace: boolean
  /** Whether what is restored is to work, as opposed to a trial that is thrown away. */
  readonly forGood: boolean
  readonly log: BackupLog & { debug(fields: object, message: string): void }
}

export interface Restored extends Omit<Reconciled, 'failures'> {
  readonly backup: string
  readonly tenants: number
  readonly rows: number
  readonly points: number
}

/** Reads a backup's manifest. @param name of a backup, or `latest` @throws RestoreRefused */
export async function readManifest(place: Place, name: string): Promise<Manifest> {
  const complete = (await place.list()).filter(backup => backup.complete).map(backup => backup.name).sort() // prettier-ignore
  const wanted = name === 'latest' ? complete.at(-1) : name
  if (!wanted) throw new RestoreRefused(`${place.about} has no complete backup`)
  try {
    return manifestSchema.parse(JSON.parse(await text(await place.read(`${wanted}/${MANIFEST}`))))
  } catch (cause) {
    const known = complete.length > 0 ? `complete ones are ${complete.join(', ')}` : 'there is no complete one'
    if (cause instanceof NothingThere) throw new RestoreRefused(`${place.about} has no complete backup ${wanted}; ${known}`, { cause }) // prettier-ignore
    throw new RestoreRefused(`the manifest of backup ${wanted} cannot be read: it is damaged, or of a newer version of this program`, { cause }) // prettier-ignore
  }
}

/** The backup's files as they were, checked before the first is used. @throws BackupDamaged, or Error for a wrong passphrase */
export async function openBackup(place: Place, manifest: Manifest, passphrase: string | undefined): Promise<OpenFile> {
  const key = keyOf(manifest, passphrase)
  await verifyFiles(place, manifest)
  return file => openFile(place, manifest, file, key)
}

/**
 * Puts a whole backup into an empty database and vector store, or in place of what is there. Nothing is touched before
 * every file has been read and found whole.
 */
export async function restoreBackup(run: RestoreRun, manifest: Manifest): Promise<Restored> {
  const { stores, log } = run
  if (manifest.kind !== 'pipeline')
    throw new RestoreRefused(`backup ${manifest.name} holds one tenant; import it with --tenant`)
  const open = await openBackup(run.place, manifest, run.passphrase)
  log.info({ backup: manifest.name, files: manifest.files.length }, 'every file is whole')
  const target = { ...stores, collectionPrefix: run.collectionPrefix, replace: run.replace }
  let points = 0
  // Rows first: what forbids a restore shows there, before a collection is touched.
  const rows = await restoreRows(target, manifest, open, async () => {
    points = await restoreVectors(target, manifest, open)
  })
  log.info({ rows, points }, 'rows and points are back')
  const { failures, ...reconciled } = await reconcile(run)
  if (failures.length > 0) throw new AggregateError(failures.map(({ cause }) => cause), `rows and points are back, but those of ${failures.map(({ tenant }) => tenant).join(', ')} cannot be compared`) // prettier-ignore
  return { backup: manifest.name, tenants: manifest.tenants.length, rows, points, ...reconciled }
}

async function reconcile({ stores, forGood, log }: RestoreRun): Promise<Reconciled> {
  if (!forGood) return reconcileVectors({ ...stores, queue: null })
  const queue = new JobQueue({ database: stores.database, log: log as never, supervise: false })
  try {
    return await reconcileVectors({ ...stores, queue })
  } finally {
    await queue.stop(1000)
  }
}
