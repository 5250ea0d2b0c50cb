import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Home, HomeError } from './home.ts'
import { isMissingFile } from './missing-file.ts'

/**
 * Keeps a second process away from the home: the embedded database has one writer and would be damaged by two. A lock left
 * by a process that is gone (kill -9, power cut) is taken over. Gives a function that releases it.
 * @throws HomeError naming the process that holds it
 */
export async function lockHome(home: Home, pid: number): Promise<() => Promise<void>> {
  const path = join(home.directory, 'pid')
  const holder = await readPid(path)
  if (holder !== null && holder !== pid && isAlive(holder))
    throw new HomeError(
      `${home.directory} is in use by process ${holder}; stop it, or set SELFRAG_HOME to another folder`,
    )
  await writeFile(path, `${pid}\n`)
  return () => rm(path, { force: true })
}

async function readPid(path: string): Promise<number | null> {
  try {
    const pid = Number((await readFile(path, 'utf8')).trim())
    return Number.isInteger(pid) && pid > 0 ? pid : null
  } catch (error) {
    if (isMissingFile(error)) return null
    throw error
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0) // signal 0 only asks
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
