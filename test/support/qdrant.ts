import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, constants, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'
import { MissingPart } from './missing-part.ts'
import { onTeardown } from './teardown.ts'

/** The Qdrant API that this test run shares. Suites keep apart by the names of their collections. */
export interface TestQdrant {
  readonly url: string
  readonly apiKey?: string
}

/** A Qdrant of one test, for losing it and getting it back: `start` uses the same port and storage as before. */
export interface SeparateQdrant extends TestQdrant {
  start(): Promise<void>
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>
}

/** A program that answers Qdrant's API. */
interface Program {
  readonly path: string
  launch(port: number, storage: string | null): Promise<{ args: string[]; env: Record<string, string> }>
}

let shared: Promise<TestQdrant> | undefined

/**
 * The shared server: `QDRANT_URL` (with `QDRANT_API_KEY`), else `qdrant` on PATH, else the test server that
 * `QDRANT_LOCAL` or ../shared/qdrant-local is. Started once.
 * @throws MissingPart when there is none of them
 */
export function qdrant(): Promise<TestQdrant> {
  return (shared ??= startShared())
}

async function startShared(): Promise<TestQdrant> {
  const url = process.env['QDRANT_URL']
  const apiKey = process.env['QDRANT_API_KEY']
  if (url) return { url, ...(apiKey ? { apiKey } : {}) }
  return startSeparate(false)
}

/**
 * Starts a server that only the caller uses; it is stopped at the end of the run if it still runs.
 * @throws MissingPart when there is no program that could be started
 */
export async function separateQdrant(): Promise<SeparateQdrant> {
  return startSeparate(true)
}

async function startSeparate(persistent: boolean): Promise<SeparateQdrant> {
  const program = await findProgram()
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'selfrag-qdrant-'))
  const url = `http://127.0.0.1:${port}`
  let child: ChildProcess | undefined
  const stop = async () => {
    const running = child
    child = undefined
    if (!running || running.exitCode !== null || running.signalCode !== null) return
    running.kill('SIGTERM')
    await once(running, 'exit')
  }
  const start = async () => {
    if (child) return
    child = await launch(program, port, folder, persistent)
    await becomeReady(child, url)
  }
  // For runs that end without a teardown (an uncaught error, --exit).
  process.once('exit', () => child?.kill('SIGTERM'))
  onTeardown(async () => {
    await stop()
    await rm(folder, { recursive: true, force: true })
  })
  await start()
  return { url, start, stop }
}

async function launch(program: Program, port: number, folder: string, persistent: boolean): Promise<ChildProcess> {
  const { args, env } = await program.launch(port, persistent ? join(folder, 'storage') : null)
  return spawn(program.path, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

/** The first start of qdrant-local installs its Python packages, hence the long wait. */
async function becomeReady(child: ChildProcess, url: string): Promise<void> {
  const log: string[] = []
  // Also keeps the pipe drained, or the server would block when it is full.
  child.stderr?.on('data', chunk => {
    log.push(String(chunk))
    if (log.length > 200) log.shift()
  })
  let ended = false
  child.once('error', error => log.push(error.message))
  child.once('close', () => (ended = true))
  await eventually(async () => {
    if (ended) return
    const response = await fetch(`${url}/readyz`)
    if (!response.ok) throw new Error(`${url}/readyz answers ${response.status}`)
  }, 120_000)
  if (ended) throw new Error(`Qdrant ended while it started:\n${log.join('')}`)
}

async function findProgram(): Promise<Program> {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map(folder => join(folder, 'qdrant'))
  for (const path of onPath) if (await isExecutable(path)) return { path, launch: launchReal }
  const local = process.env['QDRANT_LOCAL'] ?? join(import.meta.dirname, '../../../shared/qdrant-local/qdrant-local')
  if (await isExecutable(local)) return { path: local, launch: launchLocal }
  throw new MissingPart('no Qdrant: set QDRANT_URL, put `qdrant` on PATH, or set QDRANT_LOCAL')
}

const launchReal: Program['launch'] = async (port, storage) => ({
  args: ['--disable-telemetry'],
  env: {
    QDRANT__SERVICE__HOST: '127.0.0.1',
    QDRANT__SERVICE__HTTP_PORT: String(port),
    QDRANT__SERVICE__GRPC_PORT: String(await freePort()),
    QDRANT__STORAGE__STORAGE_PATH: storage ?? './storage',
    QDRANT__STORAGE__SNAPSHOTS_PATH: './snapshots',
  },
})

const launchLocal: Program['launch'] = async (port, storage) => ({
  args: ['--port', String(port), ...(storage ? ['--storage', storage] : [])],
  env: {},
})

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
