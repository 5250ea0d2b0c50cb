import { execFile } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { openStores } from '../../api/backup/open-stores.ts'
import { FolderPlace } from '../../api/backup/places/folder.ts'
import type { Place } from '../../api/backup/places/index.ts'
import { readManifest, restoreBackup } from '../../api/backup/restore-backup.ts'
import { takeBackup } from '../../api/backup/take-backup.ts'
import { parseConfiguration } from '../../api/contract/configuration.ts'
import { bareEnvironment } from './bare-environment.ts'

/** The environment of a process that works on the stores of a test. */
export type StoreEnvironment = Readonly<Record<string, string>>

export const silent = pino({ level: process.env['TEST_LOG'] ?? 'silent' })

export async function backupFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'selfrag-backups-'))
}

export function folderPlace(folder: string): Place {
  return new FolderPlace(folder)
}

export function storesOf(environment: StoreEnvironment) {
  const parsed = parseConfiguration({ ENVIRONMENT: 'test', ...environment })
  if (!parsed.ok) throw new Error(parsed.faults.join('\n'))
  const prefix = parsed.configuration.QDRANT_COLLECTION_PREFIX
  return { ...openStores(parsed.configuration), prefix, configuration: parsed.configuration }
}

interface Options {
  readonly passphrase?: string | undefined
  readonly tenant?: string | null
  readonly now?: () => Date
}

/** In this process; gives the manifest. */
export async function backup(environment: StoreEnvironment, place: Place, options: Options = {}) {
  const stores = storesOf(environment)
  const { passphrase, tenant = null, now = () => new Date() } = options
  try {
    return await takeBackup({ stores, place, passphrase, collectionPrefix: stores.prefix, product: 'test', tenant, now, log: silent }) // prettier-ignore
  } finally {
    await stores.close()
  }
}

export async function restore(
  environment: StoreEnvironment,
  place: Place,
  options: { name?: string; passphrase?: string | undefined; replace?: boolean } = {},
) {
  const stores = storesOf(environment)
  const { name = 'latest', passphrase, replace = false } = options
  try {
    const manifest = await readManifest(place, name)
    const run = { stores, place, passphrase, collectionPrefix: stores.prefix, replace, forGood: true, log: silent }
    return await restoreBackup(run, manifest)
  } finally {
    await stores.close()
  }
}

/** hack/backup and hack/restore, as people and cron run them. */
export function run(
  program: 'backup' | 'restore',
  args: readonly string[],
  environment: StoreEnvironment,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...bareEnvironment, ENVIRONMENT: 'test', ...environment }
  return new Promise(resolve =>
    execFile(join(import.meta.dirname, `../../hack/${program}`), args, { env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    ),
  ) // prettier-ignore
}
