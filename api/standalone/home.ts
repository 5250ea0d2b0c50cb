import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isMissingFile } from './missing-file.ts'

/** The folder in which `npm start` keeps everything: data, keys and the admin token. */
export interface Home {
  readonly directory: string
  readonly database: string
  readonly keys: string
  readonly adminToken: string
}

/** Where everything is kept below a folder; makes nothing. */
export function homeAt(directory: string): Home {
  return {
    directory,
    database: join(directory, 'postgres'),
    keys: join(directory, 'keys'),
    adminToken: join(directory, 'admin-token'),
  }
}

/** @throws HomeError in words for a person, when the folder cannot be made or written to */
export async function prepareHome(home: Home): Promise<void> {
  try {
    await mkdir(home.keys, { recursive: true, mode: 0o700 })
    const probe = join(home.directory, `.write-test-${process.pid}`)
    await writeFile(probe, '')
    await rm(probe)
  } catch (cause) {
    throw new HomeError(
      `cannot write to ${home.directory} (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'}); set SELFRAG_HOME to a folder that you may write to`,
      { cause },
    )
  }
}

/** The home cannot be used; told in words for a person. */
export class HomeError extends Error {
  override readonly name = 'HomeError'
}

/** The token in the home, made on first use. */
export async function readOrMakeAdminToken(home: Home): Promise<string> {
  const existing = await readSecret(home.adminToken)
  if (existing) return existing
  const token = randomBytes(32).toString('base64url')
  await writeSecret(home.adminToken, token)
  return token
}

/** Null when there is no such file, or it is empty. */
export async function readSecret(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim() || null
  } catch (error) {
    if (isMissingFile(error)) return null
    throw error
  }
}

/** Readable by its owner only, and never half written: a crash leaves the old file or the new one. */
export async function writeSecret(path: string, secret: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${process.pid}.tmp`
  await writeFile(temporary, `${secret}\n`, { mode: 0o600 })
  await rename(temporary, path)
}
