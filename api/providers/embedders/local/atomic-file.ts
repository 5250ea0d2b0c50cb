import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Lets `write` fill a file beside `path` and then puts it in place at once: neither a crash nor a second process that
 * does the same leaves half a file under the name that others read.
 */
export async function writeAtomically(path: string, write: (partial: string) => Promise<void>): Promise<void> {
  const partial = `${path}.${process.pid}.partial`
  await mkdir(dirname(path), { recursive: true })
  try {
    await write(partial)
    await rename(partial, path)
  } finally {
    await rm(partial, { force: true })
  }
}
