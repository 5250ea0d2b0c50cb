import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Home, HomeError } from './home.ts'
import { isMissingFile } from './missing-file.ts'

/**
 * Keeps a second process away from the home: the embedded database has one writer and would be damaged by two. A lock left
 * by a process that is gone (kill -9, power cut) is taken over, also when another program has got its number since. Gives
 * a function that releases it.
 * @throws HomeError naming the process that holds it
 */
export async function lockHome(home: Home, pid: number): Promise<() => Promise<void>> {
  const path = join(home.directory, 'pid')
  const mine = await describeProcess(pid)
  if (!(await created(path, mine))) await takeOver(home, path, mine)
  return () => rm(path, { force: true })
}

/** False when there is a lock already. */
async function created(path: string, mine: string): Promise<boolean> {
  try {
    await writeFile(path, `${mine}\n`, { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** By now whoever made a lock has written into it, and of two that put theirs in the place of an old one, one has lost. */
const SETTLING_MS = 100

async function takeOver(home: Home, path: string, mine: string): Promise<void> {
  await delay(SETTLING_MS)
  await refuseHolder(home, path, mine)
  const claim = `${path}.${mine.replace(' ', '-')}.tmp`
  await writeFile(claim, `${mine}\n`)
  await rename(claim, path)
  await delay(SETTLING_MS)
  await refuseHolder(home, path, mine)
}

async function refuseHolder(home: Home, path: string, mine: string): Promise<void> {
  const holder = await readOrNull(path)
  if (holder === null || holder === mine) return
  const pid = /^\d+/.exec(holder)?.[0]
  if (pid === undefined || !isAlive(Number(pid))) return
  // Without its time a lock is believed; with another time the number belongs to somebody else now.
  if (holder !== pid && holder !== (await describeProcess(Number(pid)))) return
  throw new HomeError(`${home.directory} is in use by process ${pid}; stop it, or set SELFRAG_HOME to another folder`)
}

/** `4711 88123`: its number and, where the system tells, when it started (in ticks since boot). */
async function describeProcess(pid: number): Promise<string> {
  const stat = await readOrNull(`/proc/${pid}/stat`)
  // The program's name stands in brackets and may hold anything; the start is the 20th field after it.
  const started = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  return started === undefined ? String(pid) : `${pid} ${started}`
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim()
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
