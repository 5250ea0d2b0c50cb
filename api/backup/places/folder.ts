import { createReadStream, createWriteStream } from 'node:fs'
import { access, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { backupTime, MANIFEST } from '../manifest.ts'
import type { KeptBackup } from '../retention.ts'
import { NothingThere, type Place } from './place.ts'

/** Backups in a folder: one folder each. */
export class FolderPlace implements Place {
  readonly about: string

  constructor(folder: string) {
    this.about = folder
  }

  async write(path: string, content: Readable): Promise<void> {
    const target = join(this.about, path)
    await mkdir(dirname(target), { recursive: true, mode: 0o700 })
    const partial = `${target}.part`
    // Keys' hashes and documents are in it: nobody else's business.
    await pipeline(content, createWriteStream(partial, { mode: 0o600, flush: true }))
    await rename(partial, target)
    await syncFolder(dirname(target))
  }

  async read(path: string): Promise<Readable> {
    const file = join(this.about, path)
    try {
      await access(file)
    } catch (cause) {
      throw new NothingThere(this.about, path, { cause })
    }
    return createReadStream(file)
  }

  async list(): Promise<KeptBackup[]> {
    const entries = await readdir(this.about, { withFileTypes: true }).catch(onlyMissing)
    const names = entries.filter(entry => entry.isDirectory() && backupTime(entry.name)).map(({ name }) => name)
    return Promise.all(names.map(async name => ({ name, complete: await exists(join(this.about, name, MANIFEST)) })))
  }

  async remove(backup: string): Promise<void> {
    await rm(join(this.about, backup, MANIFEST), { force: true })
    await rm(join(this.about, backup), { recursive: true, force: true })
  }
}

/** The new name, too, is to outlive a power cut. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false) // prettier-ignore
}

function onlyMissing(error: NodeJS.ErrnoException): [] {
  if (error.code === 'ENOENT') return []
  throw error
}
