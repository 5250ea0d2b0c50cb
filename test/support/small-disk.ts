import { execFile } from 'node:child_process'
import { chown, type FileHandle, mkdir, mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Knex } from 'knex'

const run = promisify(execFile)
const MEGABYTES = 32

/** A disk that holds one database and can be full, which nothing but root can make. */
export interface SmallDisk {
  /** Not one more page has room. */
  fill(): Promise<void>
  free(): Promise<void>
  /** The database must be gone. */
  remove(): Promise<void>
}

/**
 * Moves a database, which nobody may be connected to, to a disk of its own in memory.
 * @param server as its administrator
 * @returns null where nothing can be mounted
 */
export async function onSmallDisk(server: Knex, database: string): Promise<SmallDisk | null> {
  const mount = await mkdtemp(join(tmpdir(), 'selfrag-disk-'))
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', `size=${MEGABYTES}m`, 'tmpfs', mount]).then(
    () => true,
    () => false,
  )
  if (!mounted) return null
  const { rows } = await server.raw<{ rows: { data_directory: string }[] }>('SHOW data_directory')
  const { uid, gid } = await stat(rows[0]!.data_directory)
  const folder = join(mount, 'tablespace')
  await mkdir(folder)
  for (const path of [mount, folder]) await chown(path, uid, gid)
  const tablespace = `disk_of_${database}`
  await server.raw(`CREATE TABLESPACE "${tablespace}" LOCATION '${folder}'`)
  await server.raw(`ALTER DATABASE "${database}" SET TABLESPACE "${tablespace}"`)
  const ballast = join(mount, 'ballast')
  return {
    fill: () => fill(ballast),
    free: () => rm(ballast, { force: true }),
    async remove() {
      await server.raw(`DROP TABLESPACE "${tablespace}"`)
      await run('umount', [mount])
      await rm(mount, { recursive: true, force: true })
    },
  }
}

async function fill(path: string): Promise<void> {
  const file = await open(path, 'w')
  try {
    for (const size of [2 ** 20, 4096]) while (await hasRoom(file, size));
  } finally {
    await file.close()
  }
}

async function hasRoom(file: FileHandle, bytes: number): Promise<boolean> {
  try {
    return (await file.write(Buffer.alloc(bytes))).bytesWritten === bytes
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false
    throw error
  }
}
