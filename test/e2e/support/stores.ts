import { randomBytes } from 'node:crypto'
import { renderChart } from '../../support/helm.ts'
import { apply, kubectl, secretValues } from './kubectl.ts'
import { timed } from './timed.ts'

/** Postgres, Qdrant and Redis of this run, from the chart's own templates, in a namespace that outlives the operator. */
export interface Stores {
  readonly qdrantUrl: string
  readonly qdrantApiKey: string
  readonly redisUrl: string
  /** Makes a database with an owner that may make roles and schemas, and is no superuser; gives its URL. */
  createDatabase(name: string): Promise<string>
  /** One statement as the administrator; rows, as psql prints them: values separated by `|`. */
  sql(database: string, statement: string): Promise<string[]>
}

const NAMESPACE = 'stores'
const SECRET = 'stores'
const names = ['postgres', 'qdrant', 'redis']
const HOST = `${NAMESPACE}.svc`

let opened: Promise<Stores> | undefined

export function stores(): Promise<Stores> {
  return (opened ??= timed('stores', install))
}

async function install(): Promise<Stores> {
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }, passwords())
  await apply(...(await manifests()))
  for (const name of names)
    await kubectl(['rollout', 'status', `statefulset/stores-${name}`, '--namespace', NAMESPACE, '--timeout=180s'])
  const secret = await secretValues(SECRET, NAMESPACE)
  return {
    qdrantUrl: `http://stores-qdrant.${HOST}:6333`,
    qdrantApiKey: secret['qdrant-api-key']!,
    redisUrl: secret['redis-url']!,
    createDatabase,
    sql,
  }
}

function passwords(): object {
  const [postgres, redis, qdrant] = [0, 1, 2].map(() => randomBytes(16).toString('hex'))
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: SECRET, namespace: NAMESPACE },
    stringData: {
      'postgres-password': postgres,
      'postgres-url': `postgresql://selfrag:${postgres}@stores-postgres.${HOST}:5432/selfrag`,
      'redis-password': redis,
      'redis-url': `redis://:${redis}@stores-redis.${HOST}:6379/0`,
      'qdrant-api-key': qdrant,
    },
  }
}

/** The stores of a release that is never installed: they have to outlive the one that is. */
async function manifests(): Promise<object[]> {
  const values = ['fullnameOverride=stores', 'stores.enabled=true', `stores.existingSecret=${SECRET}`]
  const objects = await renderChart({ release: 'stores', namespace: NAMESPACE, values })
  return objects.filter(({ metadata }) => names.some(name => metadata.name === `stores-${name}`))
}

async function createDatabase(name: string): Promise<string> {
  const password = randomBytes(12).toString('hex')
  await sql('selfrag', `CREATE ROLE ${name} LOGIN CREATEROLE PASSWORD '${password}'`)
  await sql('selfrag', `CREATE DATABASE ${name} OWNER ${name}`)
  return `postgresql://${name}:${password}@stores-postgres.${HOST}:5432/${name}`
}

async function sql(database: string, statement: string): Promise<string[]> {
  const psql = ['psql', '-h', '/var/run/postgresql', '-U', 'selfrag', '-d', database, '-v', 'ON_ERROR_STOP=1', '-qAt', '-c', statement] // prettier-ignore
  const text = await kubectl(['exec', '--namespace', NAMESPACE, 'stores-postgres-0', '--', ...psql])
  return text.split('\n').filter(line => line !== '')
}
