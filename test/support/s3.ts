import { execFile } from 'node:child_process'
import { access, mkdtemp } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type ServerProcess, startServer } from './child-process.ts'
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'
import { MissingPart } from './missing-part.ts'
import { onTeardown } from './teardown.ts'

/** A server that speaks S3 and forgets everything when it ends. */
export interface TestS3 {
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

const VERSION = '5.2.5'
const run = promisify(execFile)
let server: Promise<TestS3> | undefined

/**
 * `S3_ENDPOINT` (with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY), else moto's server from PyPI, in a virtual environment
 * of its own. Started once.
 * @throws MissingPart when neither can be had
 */
export function s3(): Promise<TestS3> {
  return (server ??= start())
}

async function start(): Promise<TestS3> {
  const { S3_ENDPOINT: endpoint, AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = process.env
  if (endpoint) return { endpoint, accessKeyId: id ?? '', secretAccessKey: secret ?? '' }
  const program = await install()
  const port = await freePort()
  const log = join(await mkdtemp(join(tmpdir(), 'selfrag-s3-')), 'log')
  const child: ServerProcess = startServer(program, ['-H', '127.0.0.1', '-p', String(port)], log)
  onTeardown(() => child.stop())
  const url = `http://127.0.0.1:${port}`
  await eventually(async () => {
    if (!child.running()) throw new Error(`moto ended:\n${child.log()}`)
    await fetch(`${url}/moto-api/`)
  }, 30_000)
  return { endpoint: url, accessKeyId: 'testing', secretAccessKey: 'testing-secret' }
}

/** The path of moto_server. */
async function install(): Promise<string> {
  const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), `selfrag-moto-${VERSION}`)
  const program = join(folder, 'bin/moto_server')
  try {
    await access(program)
  } catch {
    try {
      await run('python3', ['-m', 'venv', folder])
      await run(join(folder, 'bin/pip'), ['install', '--quiet', `moto[s3,server]==${VERSION}`])
    } catch (cause) {
      throw new MissingPart(`no S3 server: set S3_ENDPOINT, or have Python 3 with venv and PyPI (${(cause as Error).message})`) // prettier-ignore
    }
  }
  return program
}
