import type { Readable } from 'node:stream'
import type { KeptBackup } from '../retention.ts'

/** Where backups lie: a folder, or a bucket. Paths are `backup/path/of/file`. */
export interface Place {
  /** For messages: the address, without secrets. */
  readonly about: string
  /** Whole or not at all: what is read under that path is what was written to its end. */
  write(path: string, content: Readable): Promise<void>
  /** @throws NothingThere */
  read(path: string): Promise<Readable>
  /** Everything that is named like a backup. */
  list(): Promise<KeptBackup[]>
  /** Its manifest first, so that a half-removed backup is none. */
  remove(backup: string): Promise<void>
}

export class NothingThere extends Error {
  override readonly name = 'NothingThere'
  constructor(place: string, path: string, options?: ErrorOptions) {
    super(`${path} is not in ${place}`, options)
  }
}
