import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer, type Server } from 'node:tls'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { Redis } from 'ioredis'
import { after, before, describe, it } from 'mocha'
import pg from 'pg'
import { ApiClient } from '../support/api-client.ts'
import { ADMIN_TOKEN, startApi } from '../support/api.ts'
import { bareEnvironment } from '../support/bare-environment.ts'
import { orSkip } from '../support/missing-part.ts'
import { openTestDatabase, postgres } from '../support/postgres.ts'
import { qdrant } from '../support/qdrant.ts'
import { separateRedis, type SeparateRedis } from '../support/redis.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')

describe('secrets are changed without downtime', function () {
  this.timeout(60_000)

  it('the admin token: both work while it is being changed, and then one', async () => {
    const previous = 'the-admin-token-of-before'
    const api = await startApi({ worker: false, environment: { ADMIN_TOKEN_PREVIOUS: previous } })
    const status = async (url: string, token: string) => (await new ApiClient(url, { 'x-admin-token': token }).get('/admin/audit-logs')).status // prettier-ignore
    // Before the first tenant there is no audit log; making one is by the new token.
    await api.tenant()
    expect([await status(api.url, ADMIN_TOKEN), await status(api.url, previous), await status(api.url, 'x'.repeat(20))]).to.deep.equal([200, 200, 401]) // prettier-ignore
    await api.stop()
  })

  it("the database's: what is connected stays, the old one lets nobody in, the new one does", async () => {
    const server = new URL((await postgres()).url)
    const administrator = new pg.Client({ connectionString: server.href })
    await administrator.connect()
    const role = `rotated_${randomBytes(4).toString('hex')}`
    await administrator.query(`CREATE ROLE ${role} LOGIN PASSWORD 'old'`)
    const as = (password: string) => {
      const url = new URL(server)
      url.username = role
      url.password = password
      return openTestDatabase(url.href, { pool: { keep: 1, max: 1, acquireTimeoutMs: 5000, lifetimeMs: 60_000 } })
    }
    const pools = [as('old'), as('old'), as('new')] as const
    const [serving, late, next] = pools
    await serving.raw('SELECT 1')
    await administrator.query(`ALTER ROLE ${role} PASSWORD 'new'`)
    await serving.raw('SELECT 1')
    expect(await late.raw('SELECT 1').then(() => 'in', (error: Error) => error.message)).to.match(/password authentication failed/) // prettier-ignore
    await next.raw('SELECT 1')
    await Promise.all(pools.map(pool => pool.destroy()))
    await administrator.query(`DROP ROLE ${role}`)
    await administrator.end()
  })

  it("Redis': two work at once, then the old one is taken away", async function () {
    const redis = await orSkip(this, separateRedis())
    const { port } = new URL(redis.url)
    const as = async (password?: string) => {
      const client = new Redis(Number(port), '127.0.0.1', { ...(password && { password }), maxRetriesPerRequest: 0, retryStrategy: () => null, lazyConnect: true }) // prettier-ignore
      client.on('error', () => undefined)
      try {
        await client.connect()
        return await client.ping()
      } catch (error) {
        return (error as Error).message
      } finally {
        client.disconnect()
      }
    }
    const administrator = new Redis(Number(port), '127.0.0.1')
    await administrator.acl('SETUSER', 'default', 'resetpass', '>old')
    await administrator.acl('SETUSER', 'default', '>new')
    expect([await as('old'), await as('new')]).to.deep.equal(['PONG', 'PONG'])
    await administrator.acl('SETUSER', 'default', '<old')
    expect(await as('new')).to.equal('PONG')
    expect(await as('old')).not.to.equal('PONG')
    administrator.disconnect()
    await redis.stop()
  })
})

describe('TLS to Qdrant and Redis', function () {
  this.timeout(60_000)
  let folder: string
  let redis: SeparateRedis
  const servers: Server[] = []

  before(async function () {
    folder = await mkdtemp(join(tmpdir(), 'selfrag-tls-'))
    redis = await orSkip(this, separateRedis())
    await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', join(folder, 'key.pem'), '-out', join(folder, 'ca.pem')]) // prettier-ignore
  })
  after(async () => {
    for (const server of servers) server.close()
    await redis?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  /** Ends TLS before a server that speaks none, on a port of `localhost`. */
  async function tlsBefore(target: string): Promise<number> {
    const { hostname, port } = new URL(target)
    const options = { key: await readFile(join(folder, 'key.pem')), cert: await readFile(join(folder, 'ca.pem')) }
    const server = createTlsServer(options, socket => {
      const inner = connect(Number(port), hostname)
      for (const end of [socket, inner]) end.on('error', () => [socket, inner].forEach(one => one.destroy()))
      socket.pipe(inner).pipe(socket)
    })
    server.on('tlsClientError', () => undefined)
    await new Promise<void>(resolve => server.listen(0, 'localhost', resolve))
    servers.push(server)
    return (server.address() as AddressInfo).port
  }

  it('is checked: an authority that is told is trusted, another one is not', async () => {
    const { url, apiKey = '' } = await qdrant()
    const env = {
      ...bareEnvironment,
      DATABASE_URL: 'postgresql://u:p@127.0.0.1:9/none',
      EMBEDDING_PROVIDER: 'none',
      QDRANT_URL: `https://localhost:${await tlsBefore(url)}`,
      QDRANT_API_KEY: apiKey,
      REDIS_URL: `rediss://localhost:${await tlsBefore(redis.url)}`,
      RATE_LIMIT_STORAGE: 'redis',
    }
    const doctor = (more: Record<string, string>) => run(process.execPath, ['api/selfrag.ts', 'doctor', '--only', 'vectors,redis'], { cwd: root, env: { ...env, ...more } }).then(({ stdout }) => stdout, (error: { stdout: string }) => error.stdout) // prettier-ignore
    const trusted = await doctor({ NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') })
    expect(trusted)
      .to.match(/^vectors +ok/m)
      .and.to.match(/^redis +ok/m)
    const strange = await doctor({})
    expect(strange)
      .to.match(/^vectors +FAILED .*(SELF_SIGNED|self-signed)/m)
      .and.to.match(/^redis +FAILED/m)
  })
})

describe('hack/firewall', () => {
  it('lets SSH in before it closes anything, and closes the stores', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'selfrag-ufw-'))
    await writeFile(join(folder, 'ufw'), `#!/bin/sh\necho "ufw $*" >> ${folder}/calls\n`, { mode: 0o755 })
    const env = { PATH: `${folder}:${process.env['PATH']}`, SSH_PORT: '2222', ADMIN_FROM: '10.0.0.0/8' }
    await run(join(root, 'hack/firewall'), [], { env })
    const calls = (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n')
    expect(calls[0]).to.equal('ufw allow proto tcp from 10.0.0.0/8 to any port 2222')
    expect(calls).to.include.members(['ufw default deny incoming', 'ufw allow 443/tcp', 'ufw deny 8020/tcp', 'ufw deny 5432/tcp', 'ufw deny 6333/tcp', 'ufw deny 6379/tcp']) // prettier-ignore
    expect(calls.at(-1)).to.equal('ufw --force enable')
    expect((await run(join(root, 'hack/firewall'), ['--dry-run'], { env })).stdout.trim().split('\n')).to.deep.equal(calls) // prettier-ignore
    await rm(folder, { recursive: true })
  })
})

describe('hack/release-check', function () {
  this.timeout(60_000)

  it('writes an SBOM with every production dependency in its pinned version', async () => {
    await run(join(root, 'hack/release-check'), []).catch(() => undefined) // the registry may not answer an audit
    const sbom = JSON.parse(await readFile(join(root, 'dist/sbom.cdx.json'), 'utf8')) as { bomFormat: string; components: { 'bom-ref': string }[] } // prettier-ignore
    expect(sbom.bomFormat).to.equal('CycloneDX')
    const { dependencies, devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Record<'dependencies' | 'devDependencies', Record<string, string>> // prettier-ignore
    const known = sbom.components.map(component => component['bom-ref'])
    const named = (list: Record<string, string>) => Object.entries(list).map(([name, version]) => `${name}@${version}`) // prettier-ignore
    expect(known).to.include.members(named(dependencies))
    expect(known).not.to.include(named({ mocha: devDependencies['mocha']! })[0])
  })
})
