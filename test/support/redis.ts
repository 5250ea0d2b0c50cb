import { access, constants, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { connect } from 'node:net'
import { once } from 'node:events'
import { type ServerProcess, startServer } from './child-process.ts'
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'
import { MissingPart } from './missing-part.ts'
import { onTeardown } from './teardown.ts'

/** A Redis of one test, for losing it and getting it back at the same port. */
export interface SeparateRedis {
  readonly url: string
  start(): Promise<void>
  stop(): Promise<void>
}

/**
 * Starts `redis-server` from PATH for one suite.
 * @throws MissingPart when there is none
 */
export async function separateRedis(): Promise<SeparateRedis> {
  const program = await findProgram()
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'selfrag-redis-'))
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]
  let running: ServerProcess | null = null
  const redis = {
    url: `redis://127.0.0.1:${port}`,
    async start() {
      running ??= startServer(program, args, join(folder, 'redis.log'))
      await eventually(() => reach(port))
    },
    async stop() {
      await running?.stop()
      running = null
    },
  }
  onTeardown(() => redis.stop())
  await redis.start()
  return redis
}

async function reach(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.destroy()
}

async function findProgram(): Promise<string> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, 'redis-server')
    const usable = await access(path, constants.X_OK).then(() => true, () => false) // prettier-ignore
    if (usable) return path
  }
  throw new MissingPart('no Redis: install redis-server (Debian: apt install redis-server)')
}
