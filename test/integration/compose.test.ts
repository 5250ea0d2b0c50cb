import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { parse } from 'yaml'
import { configurationSchema, parseConfiguration } from '../../api/contract/configuration.ts'
import { presets } from '../../hack/presets.ts'
import { bareEnvironment } from '../support/bare-environment.ts'
import { ComposeFolder, type ComposeProject, type ComposeService } from '../support/compose.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { orSkip } from '../support/missing-part.ts'
import { postgres, type TestDatabase } from '../support/postgres.ts'
import { qdrant } from '../support/qdrant.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')

describe('config/compose', function () {
  this.timeout(120_000)
  let folder: ComposeFolder
  let project: ComposeProject

  before(async function () {
    folder = await ComposeFolder.copy()
    await folder.newEnv()
    project = await orSkip(this, folder.project(['nginx', 'ollama']))
  })

  it('asks for the secrets that are missing, and names them', async () => {
    const bare = await ComposeFolder.copy()
    const refusal = await bare.project().then(() => '', String)
    for (const name of ['POSTGRES_PASSWORD', 'SELFRAG_DB_PASSWORD', 'REDIS_PASSWORD', 'QDRANT_API_KEY', 'ADMIN_TOKEN'])
      expect(refusal).to.contain(`${name} is missing a value: run ./new-env`)
  })

  it('starts nothing in production with the secrets of .env.example, and the API says which', async () => {
    const copied = await ComposeFolder.copy()
    await copied.write('.env', await readFile(join(copied.path, '.env.example'), 'utf8'))
    const { api } = (await copied.project()).services
    const outcome = await run(process.execPath, ['api/main.ts'], { cwd: root, env: environmentOf(api!, {}) }).then(() => '', (error: { stderr: string }) => error.stderr) // prettier-ignore
    const named = outcome.trim().split('\n').map(line => line.split(':')[0]) // prettier-ignore
    expect(named).to.have.members(['ADMIN_TOKEN', 'QDRANT_API_KEY', 'PGPASSWORD', 'the password in REDIS_URL'])
  })

  it('makes a .env once, with secrets of its own that nobody else can read', async () => {
    const text = await readFile(join(folder.path, '.env'), 'utf8')
    expect(text).not.to.match(/^[A-Z_]+=change-me/m)
    const secrets = [...text.matchAll(/=([0-9a-f]{48})$/gm)].map(([, value]) => value)
    expect(new Set(secrets)).to.have.property('size', 5)
    expect(await folder.newEnv().then(() => '', String)).to.contain('.env is there already')
  })

  it('hands every variable of the configuration on, and one set in .env reaches the programs', async () => {
    const example = readFileSync(join(root, 'config/compose/.env.example'), 'utf8')
    for (const name of Object.keys(configurationSchema.shape)) expect(example, name).to.match(new RegExp(`^#?${name}=`, 'm')) // prettier-ignore
    const copied = await ComposeFolder.copy()
    await copied.newEnv()
    const text = await readFile(join(copied.path, '.env'), 'utf8')
    await copied.write(
      '.env',
      `${text}\nLOG_LEVEL=WARNING\nDATABASE_URL=postgresql+asyncpg://kb:longer-than-kb@db:5432/kb\n`,
    )
    const { api, worker, migrate } = (await copied.project()).services
    for (const service of [api, worker, migrate]) {
      const parsed = parseConfiguration(service!.environment!)
      if (!parsed.ok) throw new Error(parsed.faults.join('\n'))
      expect(parsed.configuration).to.include({ LOG_LEVEL: 'warn', DATABASE_URL: 'postgresql://kb:longer-than-kb@db:5432/kb', RATE_LIMIT_STORAGE: 'redis' }) // prettier-ignore
      expect(service!.environment!['POSTGRES_PASSWORD'], 'the administrator of Postgres').to.equal('')
    }
  })

  it('keeps the stores inside: no port of theirs is offered, and their network leads nowhere', () => {
    for (const name of ['postgres', 'qdrant', 'redis']) {
      expect(project.services[name]).not.to.have.property('ports')
      expect(Object.keys(project.services[name]!.networks!)).to.deep.equal(['back'])
    }
    expect(project.networks['back']).to.include({ internal: true })
    expect(project.services['api']!.ports).to.deep.include({ mode: 'ingress', host_ip: '127.0.0.1', target: 8020, published: '8020', protocol: 'tcp' }) // prettier-ignore
  })

  it('hardens every container of its own', () => {
    for (const [name, service] of Object.entries(project.services)) {
      if (name === 'ollama') continue
      expect(service, name).to.include({ read_only: true })
      expect(service.cap_drop, name).to.deep.equal(['ALL'])
      expect(service.security_opt, name).to.include('no-new-privileges:true')
      if (!['migrate', 'qdrant-volume'].includes(name)) expect(service.deploy?.resources?.limits?.memory, name).to.match(/^\d+$/) // prettier-ignore
    }
  })

  it('waits for what it needs, and keeps in volumes what must stay', () => {
    const { api, worker, migrate } = project.services
    for (const service of [api, worker])
      expect(service!.depends_on).to.deep.include({ migrate: { condition: 'service_completed_successfully', required: true } }) // prettier-ignore
    expect(migrate!.depends_on).to.deep.include({ postgres: { condition: 'service_healthy', required: true } })
    const kept = ['postgres', 'qdrant', 'redis'].map(name => project.services[name]!.volumes!.find(({ type }) => type === 'volume')?.source) // prettier-ignore
    expect(kept).to.deep.equal(['postgres', 'qdrant', 'redis'])
  })

  it('pins the images that the chart has too', () => {
    const values = parse(readFileSync(join(root, 'charts/selfrag/values.yaml'), 'utf8')) as { stores: Record<string, { image: string }> } // prettier-ignore
    for (const name of ['postgres', 'qdrant', 'redis'])
      expect(project.services[name]!.image).to.equal(values.stores[name]!.image)
  })

  for (const [name, { variables }] of Object.entries(presets)) {
    it(`preset ${name}: pools of all replicas fit into what Postgres allows`, async () => {
      const { api, worker, postgres: server } = (await folder.project([], ['.env', `presets/${name}.env`])).services
      const { DB_POOL_SIZE: size, DB_MAX_OVERFLOW: overflow } = configurationOf(api!)
      expect(String(size)).to.equal(variables.DB_POOL_SIZE)
      const pools = (api!.deploy!.replicas! + worker!.deploy!.replicas!) * (size + overflow)
      const allowed = Number(/max_connections=(\d+)/.exec(server!.command!.join(' '))?.[1])
      // Three are Postgres' own, and the queue has a few of its own in every process.
      expect(pools + 3).to.be.at.most(allowed)
      const [first, last] = api!.ports![0]!.published.split('-').map(Number) as [number, number]
      expect(last - first + 1, 'a port a replica').to.equal(api!.deploy!.replicas)
    })
  }
})

describe('the services of config/compose, each run by its own command', function () {
  this.timeout(120_000)
  let folder: ComposeFolder
  let project: ComposeProject
  let database: TestDatabase
  let redisFolder: string
  const children: ChildProcess[] = []

  before(async function () {
    folder = await ComposeFolder.copy()
    await folder.newEnv()
    project = await orSkip(this, folder.project())
    database = await (await postgres()).createDatabase()
    redisFolder = await mkdtemp(join(tmpdir(), 'selfrag-compose-redis-'))
  })
  after(async () => {
    for (const child of children) child.kill('SIGTERM')
    await Promise.all(children.map(child => (child.exitCode === null ? once(child, 'exit') : Promise.resolve())))
    await rm(redisFolder, { recursive: true, force: true })
    await database?.drop()
  })

  it('Redis with a password and its file, migration, API and worker; the health checks tell them well', async () => {
    const redisPort = await freePort()
    const redis = project.services['redis']!
    const command = redis.command!.map(word => word.replace('--dir /data', `--dir ${redisFolder} --port ${redisPort} --bind 127.0.0.1`)) // prettier-ignore
    expect(command.join(' ')).to.contain(redisFolder)
    children.push(spawn(command[0]!, command.slice(1), { env: { ...bareEnvironment, ...redis.environment } }))
    const env = { ...bareEnvironment, ...redis.environment }
    await eventually(() => run('sh', ['-c', redis.healthcheck!.test[1]!.replace('redis-cli', `redis-cli -p ${redisPort}`)], { env })) // prettier-ignore
    const { stdout: limits } = await run('redis-cli', ['-p', String(redisPort), 'CONFIG', 'GET', 'maxmemory*'], { env })
    expect(limits)
      .to.contain('allkeys-lru')
      .and.to.contain(String(256 * 2 ** 20))

    const { url: qdrantUrl, apiKey = '' } = await qdrant()
    const check = project.services['qdrant']!.healthcheck!.test.slice(1)
    await run(check[0]!, check.slice(1).map(word => word.replace('127.0.0.1/6333', new URL(qdrantUrl).host.replace(':', '/')))) // prettier-ignore
    await run(
      check[0]!,
      check.slice(1).map(word => word.replace('127.0.0.1/6333', `127.0.0.1/${redisPort}`)),
    ).then(
      () => expect.fail('a server that is no Qdrant is healthy'),
      () => undefined,
    )

    const address = new URL(database.url)
    const elsewhere = {
      HOST: '127.0.0.1',
      PGHOST: address.hostname,
      PGPORT: address.port,
      PGUSER: address.username,
      PGPASSWORD: decodeURIComponent(address.password),
      PGDATABASE: database.name,
      QDRANT_URL: qdrantUrl,
      QDRANT_API_KEY: apiKey,
      QDRANT_COLLECTION_PREFIX: database.name,
      REDIS_URL: project.services['api']!.environment!['REDIS_URL']!.replace('redis:6379', `127.0.0.1:${redisPort}`),
      EMBEDDING_PROVIDER: 'none',
    }
    const migrate = project.services['migrate']!
    await run(process.execPath, programOf(migrate), { cwd: root, env: environmentOf(migrate, elsewhere) })
    for (const name of ['api', 'worker']) {
      const service = project.services[name]!
      const port = String(await freePort())
      children.push(spawn(process.execPath, programOf(service), { cwd: root, env: environmentOf(service, { ...elsewhere, PORT: port }) })) // prettier-ignore
      const [, , ...script] = service.healthcheck!.test
      await eventually(() => run(process.execPath, script, { env: { PORT: port } }), 30_000)
      const ready = (await (await fetch(`http://127.0.0.1:${port}/ready`)).json()) as { checks: Record<string, { status: string }> } // prettier-ignore
      const found = Object.entries(ready.checks).map(([check, { status }]) => `${check} ${status}`)
      expect(found, name).to.include.members(['database ok', 'qdrant ok', 'redis ok'])
    }
  })

  it('Postgres with the settings of its command', async () => {
    const settings = project.services['postgres']!.command!.filter(word => word.includes('='))
    const { Client } = (await import('pg')).default
    const client = new Client({ connectionString: (await postgres()).url })
    await client.connect()
    try {
      for (const setting of settings) {
        const [name, value] = setting.split('=') as [string, string]
        // A value that the server would not start with is refused here, too, unless it needs a restart anyway.
        const { rows } = await client.query<{ context: string }>('SELECT context FROM pg_settings WHERE name = $1', [name]) // prettier-ignore
        expect(rows, name).to.have.length(1)
        if (rows[0]!.context !== 'postmaster' && rows[0]!.context !== 'sighup') await client.query('SELECT set_config($1, $2, false)', [name, value]) // prettier-ignore
      }
    } finally {
      await client.end()
    }
  })

  it('the script that makes the role of API and worker: it may make schemas and roles, and is no superuser', async () => {
    const server = await postgres()
    const fresh = await server.createDatabase()
    const role = `selfrag_${fresh.name.slice(-8)}`
    const administrator = new URL(server.url)
    // The real script, in a server that has a role of its name from other suites: under another one.
    const script = readFileSync(join(folder.path, 'postgres/role.sh'), 'utf8').replaceAll(/\bselfrag\b/g, role)
    await folder.write('postgres/role.sh', script)
    const env = { ...bareEnvironment, PGHOST: administrator.hostname, PGPORT: administrator.port, PGPASSWORD: administrator.password, POSTGRES_USER: administrator.username, POSTGRES_DB: fresh.name, SELFRAG_DB_PASSWORD: "it's $ecret" } // prettier-ignore
    await run('bash', [join(folder.path, 'postgres/role.sh')], { env })
    const { Client } = (await import('pg')).default
    const client = new Client({ host: administrator.hostname, port: Number(administrator.port), user: role, password: "it's $ecret", database: fresh.name }) // prettier-ignore
    await client.connect()
    const { rows } = await client.query('SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user') // prettier-ignore
    expect(rows).to.deep.equal([{ rolsuper: false, rolcreaterole: true, rolcreatedb: true }])
    await client.query('CREATE SCHEMA proof')
    await client.end()
    await fresh.drop()
    const cleaner = new Client({ connectionString: server.url })
    await cleaner.connect()
    await cleaner.query(`DROP ROLE ${role}`)
    await cleaner.end()
  })
})

/** `node dist/api/main.js` as it is run from source. */
function programOf({ command }: ComposeService): string[] {
  expect(command?.[0]).to.equal('node')
  return [command![1]!.replace('dist/', '').replace('.js', '.ts')]
}

function environmentOf(service: ComposeService, changed: Readonly<Record<string, string>>): Record<string, string> {
  return { ...bareEnvironment, ...service.environment, ...changed }
}

function configurationOf(service: ComposeService) {
  const parsed = parseConfiguration(service.environment!)
  if (!parsed.ok) throw new Error(parsed.faults.join('\n'))
  return parsed.configuration
}
