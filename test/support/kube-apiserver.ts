import { execFile } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { KubeConfig } from '@kubernetes/client-node'
import { startServer, type ServerProcess } from './child-process.ts'
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'
import { MissingPart } from './missing-part.ts'
import { onEndOfFile, onTeardown } from './teardown.ts'

/** Users of the API server under test: an administrator, and one without rights until a test binds a role to it. */
const users = { admin: 'system:masters', 'selfrag-operator': 'selfrag:operators' } as const
export type TestUser = keyof typeof users

/** A request that changed something, from the API server's own audit log. */
export interface AuditedWrite {
  readonly user: string
  readonly verb: string
  readonly resource: string
  readonly subresource: string | undefined
  readonly namespace: string | undefined
  readonly name: string | undefined
  readonly status: number
  readonly userAgent: string
}

/**
 * A real etcd and kube-apiserver on loopback. No controller-manager runs: Deployments never become available and nothing
 * is garbage-collected by itself; tests do what it would do.
 */
export interface TestApiServer {
  readonly url: string
  kubeConfig(user?: TestUser): KubeConfig
  /** Path of a kubeconfig file of the administrator, for programs. */
  readonly kubeConfigFile: string
  /** Every create, update, patch and delete since the start, in order, also those that failed. */
  writes(): Promise<AuditedWrite[]>
  /** Ends the API server as a crash does; etcd and the port stay. */
  kill(): Promise<void>
  /** Starts it again after {@link kill}. */
  restart(): Promise<void>
  /** Forgets etcd's history up to now: watches that resume after a restart get 410 Gone. */
  compact(): Promise<void>
}

let shared: Promise<TestApiServer> | undefined

/**
 * The API server that the suites of this run share; each works in namespaces of its own. Started once. The first run on a
 * machine may have to build the programs, which takes minutes: `this.timeout(900_000)` in the hook that asks for it.
 * @throws MissingPart when the programs can neither be found nor built; `orSkip` in missing-part.ts turns that into a skip
 */
export function kubeApiServer(): Promise<TestApiServer> {
  return (shared ??= start(onTeardown))
}

/** An API server of one's own, for suites that kill it; ends with their file. @throws MissingPart as {@link kubeApiServer} does */
export function startKubeApiServer(): Promise<TestApiServer> {
  return start(onEndOfFile)
}

async function start(whenOver: typeof onTeardown): Promise<TestApiServer> {
  const folder = await mkdtemp(join(tmpdir(), 'selfrag-kube-apiserver-'))
  const bin = await binaries()
  const tokens = await writeInputs(folder)
  const etcd = await startEtcd(bin, folder)
  const port = await freePort()
  const url = `https://127.0.0.1:${port}`
  let server = await startApiServer(bin, folder, etcd.url, port)
  whenOver(async () => {
    await server.stop('SIGKILL')
    await etcd.process.stop('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  })
  // The server made its own certificate; its file ends with the authority that signed it.
  const authority = await readFile(join(folder, 'certs', 'apiserver.crt'))
  const kubeConfig = (user: TestUser = 'admin') => makeKubeConfig(url, authority, user, tokens[user])
  const kubeConfigFile = join(folder, 'kubeconfig')
  await writeFile(kubeConfigFile, kubeConfig().exportConfig())
  return {
    url,
    kubeConfig,
    kubeConfigFile,
    writes: () => readAudit(join(folder, 'audit.log')),
    kill: () => server.stop('SIGKILL'),
    restart: async () => {
      server = await startApiServer(bin, folder, etcd.url, port)
    },
    compact: () => compactEtcd(etcd.url),
  }
}

let found: Promise<string> | undefined

/** The folder with etcd and kube-apiserver. */
function binaries(): Promise<string> {
  return (found ??= promisify(execFile)(join(import.meta.dirname, '../../hack/envtest/build')).then(
    ({ stdout }) => stdout.trim(),
    (error: Error & { stderr?: string }) => {
      throw new MissingPart(error.stderr?.trim() || error.message)
    },
  ))
}

async function writeInputs(folder: string): Promise<Record<TestUser, string>> {
  const tokens = { admin: randomBytes(16).toString('hex'), 'selfrag-operator': randomBytes(16).toString('hex') }
  const lines = Object.entries(users).map(([user, group]) => `${tokens[user as TestUser]},${user},${user},"${group}"`)
  await writeFile(join(folder, 'tokens.csv'), lines.join('\n'), { mode: 0o600 })
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  await writeFile(join(folder, 'sa.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 })
  const policy = {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived', 'ResponseStarted'],
    rules: [
      { level: 'Metadata', verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'] },
      { level: 'None' },
    ],
  }
  await writeFile(join(folder, 'audit-policy.yaml'), JSON.stringify(policy))
  return tokens
}

/** Go's collector is a tenth of what these servers compute; memory is cheaper here. */
const rareCollection = { GOGC: '400', ...process.env }

async function startEtcd(bin: string, folder: string): Promise<{ process: ServerProcess; url: string }> {
  const [client, peer] = [await freePort(), await freePort()].map(port => `http://127.0.0.1:${port}`) as [
    string,
    string,
  ]
  const process = startServer(
    join(bin, 'etcd'),
    [
      `--data-dir=${join(folder, 'etcd')}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      '--unsafe-no-fsync',
    ],
    join(folder, 'etcd.log'),
    { env: rareCollection },
  )
  await answers(process, `${client}/health`, 'etcd')
  return { process, url: client }
}

async function startApiServer(bin: string, folder: string, etcdUrl: string, port: number): Promise<ServerProcess> {
  const process = startServer(
    join(bin, 'kube-apiserver'),
    [
      `--etcd-servers=${etcdUrl}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${port}`,
      `--cert-dir=${join(folder, 'certs')}`,
      `--token-auth-file=${join(folder, 'tokens.csv')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${join(folder, 'sa.key')}`,
      `--service-account-signing-key-file=${join(folder, 'sa.key')}`,
      '--service-cluster-ip-range=10.0.0.0/24',
      '--endpoint-reconciler-type=none',
      '--authorization-mode=RBAC',
      '--disable-admission-plugins=ServiceAccount',
      `--audit-policy-file=${join(folder, 'audit-policy.yaml')}`,
      `--audit-log-path=${join(folder, 'audit.log')}`,
      '--allow-privileged=true',
    ],
    join(folder, 'kube-apiserver.log'),
    { env: rareCollection },
  )
  await ready(process, join(folder, 'certs', 'apiserver.crt'), port)
  return process
}

async function answers(process: ServerProcess, url: string, name: string): Promise<void> {
  await eventually(async () => {
    if (!process.running()) return // told below
    const response = await fetch(url)
    if (!response.ok) throw new Error(`${name} answers ${response.status} at ${url}`)
  }, 30_000)
  if (!process.running()) throw new Error(`${name} ended:\n${process.log()}`)
}

/** Ready is more than listening: the RBAC roles and system namespaces are there as well. */
async function ready(process: ServerProcess, certificate: string, port: number): Promise<void> {
  await eventually(async () => {
    if (!process.running()) return // told below
    const ca = await readFile(certificate)
    await new Promise<void>((resolve, reject) => {
      request({ host: '127.0.0.1', port, path: '/readyz', ca }, response => {
        response.resume()
        if (response.statusCode === 200) resolve()
        else reject(new Error(`kube-apiserver is not ready: ${response.statusCode}\n${process.log()}`))
      })
        .on('error', reject)
        .end()
    })
  }, 60_000)
  if (!process.running()) throw new Error(`kube-apiserver ended:\n${process.log()}`)
}

function makeKubeConfig(url: string, authority: Buffer, user: TestUser, token: string): KubeConfig {
  const config = new KubeConfig()
  config.loadFromOptions({
    clusters: [{ name: 'envtest', server: url, caData: authority.toString('base64'), skipTLSVerify: false }],
    users: [{ name: user, token }],
    contexts: [{ name: 'envtest', cluster: 'envtest', user }],
    currentContext: 'envtest',
  })
  return config
}

interface AuditEvent {
  readonly verb: string
  readonly user: { readonly username: string }
  readonly userAgent?: string
  readonly objectRef?: { resource?: string; subresource?: string; namespace?: string; name?: string }
  readonly responseStatus?: { readonly code?: number }
}

async function readAudit(file: string): Promise<AuditedWrite[]> {
  const text = await readFile(file, 'utf8')
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as AuditEvent)
    .map(event => ({
      user: event.user.username,
      verb: event.verb,
      resource: event.objectRef?.resource ?? '',
      subresource: event.objectRef?.subresource,
      namespace: event.objectRef?.namespace,
      name: event.objectRef?.name,
      status: event.responseStatus?.code ?? 0,
      userAgent: event.userAgent ?? '',
    }))
}

async function compactEtcd(url: string): Promise<void> {
  const call = async (path: string, body: object) => {
    const response = await fetch(`${url}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`etcd ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as { header: { revision: string } }
  }
  const { header } = await call('range', { key: Buffer.from('\0').toString('base64') })
  await call('compaction', { revision: header.revision, physical: true })
}
