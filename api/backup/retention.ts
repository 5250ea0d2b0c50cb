import { backupTime } from './manifest.ts'

export interface KeptBackup {
  readonly name: string
  /** Whether it has a manifest. */
  readonly complete: boolean
}

/** One that is being written has no manifest either; after so long it is one that was interrupted. */
const UNFINISHED_MS = 24 * 3_600_000

/**
 * Which backups have had their time. Only complete ones count as backups, and the newest of these stays however old it
 * is. What is not named like a backup is somebody else's. Pure.
 */
export function expired(backups: readonly KeptBackup[], retentionMs: number, now: Date): string[] {
  const newest = backups.filter(({ complete }) => complete).map(({ name }) => name).sort().at(-1) // prettier-ignore
  return backups
    .filter(({ name, complete }) => {
      const time = backupTime(name)
      if (!time || name === newest) return false
      return now.getTime() - time.getTime() > (complete ? retentionMs : UNFINISHED_MS)
    })
    .map(({ name }) => name)
}
