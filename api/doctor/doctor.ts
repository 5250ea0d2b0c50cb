import { parseArgs } from 'node:util'
import { Redis } from 'ioredis'
import { openStores } from '../backup/open-stores.ts'
import { type Configuration, parseConfiguration } from '../contract/configuration.ts'
import { checks } from './checks/index.ts'
import type { Patient } from './check.ts'
import { thisHost } from './host.ts'
import { jsonReport, textReport } from './report.ts'
import { type Examination, runChecks } from './run-checks.ts'

export const DOCTOR_USAGE = `usage: selfrag doctor [--json] [--only CHECK,CHECK…]

Looks at everything that API and worker need, with their own environment, and says what is wrong, why, and what to do. Changes
nothing. Checks: ${checks.map(({ name }) => name).join(', ')}.
Ends with 0 when nothing failed, with 1 when something did, with 2 when it was called wrongly.`

/** Gives the exit code. @param write where the report goes */
export async function doctor(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  write: (text: string) => void,
): Promise<number> {
  const options = readArguments(args)
  if (!options) {
    write(`${DOCTOR_USAGE}\n`)
    return 2
  }
  const parsed = parseConfiguration(env)
  const examinations = parsed.ok ? await examine(parsed.configuration, env, options.only) : parsed.faults.map(refused)
  write(options.json ? jsonReport(examinations, new Date()) : textReport(examinations))
  return examinations.some(({ status }) => status === 'failed') ? 1 : 0
}

function readArguments(args: readonly string[]): { json: boolean; only: readonly string[] | null } | null {
  try {
    const options = { json: { type: 'boolean', default: false }, only: { type: 'string' }, help: { type: 'boolean' } } as const // prettier-ignore
    const { values } = parseArgs({ args: [...args], options })
    const only = values.only?.split(',') ?? null
    const unknown = only?.some(name => !checks.some(check => check.name === name))
    return values.help || unknown ? null : { json: values.json, only }
  } catch {
    return null
  }
}

async function examine(
  configuration: Configuration,
  env: NodeJS.ProcessEnv,
  only: readonly string[] | null,
): Promise<Examination[]> {
  // prettier-ignore
  const stores = openStores(configuration, undefined, configuration.QDRANT_TIMEOUT_SECONDS * 1000)
  const redis = openRedis(configuration)
  try {
    const host = thisHost(env['SELFRAG_CGROUP'])
    const backups = env['BACKUP_DESTINATION']
    const folders = backups?.startsWith('/') ? [backups] : []
    const patient: Patient = { configuration, ...stores, redis, host, folders, now: () => new Date() }
    return await runChecks(only ? withNeeded(only) : checks, patient)
  } finally {
    redis?.disconnect()
    await stores.close()
  }
}

/** Chosen checks, and those that they need. */
function withNeeded(chosen: readonly string[]) {
  const names = new Set<string>()
  const add = (name: string) => {
    if (names.has(name)) return
    names.add(name)
    checks.find(check => check.name === name)?.needs?.forEach(add)
  }
  chosen.forEach(add)
  return checks.filter(({ name }) => names.has(name))
}

function openRedis({ REDIS_URL }: Configuration): Redis | null {
  if (!REDIS_URL) return null
  const redis = new Redis(REDIS_URL, { lazyConnect: true, maxRetriesPerRequest: 0, connectTimeout: 3000, retryStrategy: () => null }) // prettier-ignore
  redis.on('error', () => undefined) // told by whoever asks
  return redis
}

function refused(fault: string): Examination {
  return {
    check: 'configuration',
    status: 'failed',
    message: fault,
    cause: 'API and worker do not start with it',
    remedy: 'set it as docs/reference/configuration.md says',
    milliseconds: 0,
  }
}
