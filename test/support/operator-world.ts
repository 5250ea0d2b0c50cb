import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { type KubeConfig, RbacAuthorizationV1Api } from '@kubernetes/client-node'
import knex, { type Knex } from 'knex'
import { pino } from 'pino'
import { parse } from 'yaml'
import { type PlanHooks } from '../../api/provisioning/apply.ts'
import { type ProvisioningStores } from '../../api/provisioning/stores.ts'
import { QdrantVectorStore } from '../../api/stores/vectors/qdrant/qdrant-vector-store.ts'
import { parseOperatorConfig } from '../../operator/config.ts'
import { openStores, type OpenStores } from '../../operator/connections.ts'
import { runOperator, type RunningOperator } from '../../operator/operator.ts'
import { types } from '../../operator/observe/resource-types.ts'
import { type Pipeline, type Tenant } from '../../operator/observe/resources.ts'
import { clusterScopedGrants, type Grant, ownNamespaceGrants, watchedGrants } from '../../operator/rbac.ts'
import { type Condition } from '../../operator/runtime/conditions.ts'
import { KubernetesClient } from '../../operator/runtime/kubernetes-client.ts'
import { type KubernetesObject } from '../../operator/runtime/kubernetes-object.ts'
import { kubeTransport, type Transport } from '../../operator/runtime/kubernetes-transport.ts'
import { systemTimers } from '../../operator/runtime/timers.ts'
import { installCrds, makeNamespace } from './cluster-objects.ts'
import { ControllerManager } from './controller-manager.ts'
import { type CountingProxy, countingProxy } from './counting-proxy.ts'
import { eventually } from './eventually.ts'
import { type JobImages } from './job-runner.ts'
import { kubeApiServer, type TestApiServer } from './kube-apiserver.ts'
import { postgres, type TestDatabase } from './postgres.ts'
import { qdrant } from './qdrant.ts'
import { onEndOfFile } from './teardown.ts'

/** The user that operators under test are, with the rights that operator/rbac.ts grants and no other. */
export const USER = 'selfrag-operator'
const samples = join(import.meta.dirname, '../../config/samples')

export interface OperatorOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly transport?: (real: Transport) => Transport
  readonly hooks?: PlanHooks
  readonly now?: () => Date
  /** Puts something between the operator and the stores that it opens. */
  readonly stores?: (real: ProvisioningStores) => ProvisioningStores
}

/** A namespace, a database and a collection prefix of their own, on the servers that all suites share. */
export class OperatorWorld {
  readonly server: TestApiServer
  readonly namespace: string
  readonly client: KubernetesClient
  readonly database: TestDatabase
  /** Connects as the product's role. */
  readonly sql: Knex
  readonly qdrant: CountingProxy
  readonly vectors: QdrantVectorStore
  readonly prefix: string
  /** Statements of operators that may change something. */
  readonly databaseWrites: string[] = []
  readonly logs: string[] = []
  /** What images do in Jobs, where that is not what this version does. */
  readonly images: JobImages = new Map()
  readonly #operators: RunningOperator[] = []
  readonly #manager: ControllerManager | null
  #disposed = false

  private constructor(
    server: TestApiServer,
    namespace: string,
    database: TestDatabase,
    proxy: CountingProxy,
    pods: boolean,
  ) {
    this.server = server
    this.namespace = namespace
    this.database = database
    this.qdrant = proxy
    this.prefix = `w${randomBytes(4).toString('hex')}`
    this.client = new KubernetesClient(kubeTransport(server.kubeConfig(), 'test'))
    this.sql = knex({ client: 'pg', connection: database.url, pool: { min: 0, max: 2 } })
    this.vectors = new QdrantVectorStore({ url: proxy.url })
    this.#manager = pods ? new ControllerManager(this.client, namespace, this.images) : null
  }

  /**
   * @param options.pods whether Deployments get their pods and garbage is collected by themselves; default true
   * @param options.server instead of the one that all suites share
   */
  static async make(options: { pods?: boolean; server?: TestApiServer } = {}): Promise<OperatorWorld> {
    const server = options.server ?? (await kubeApiServer())
    await prepareCluster(server)
    const namespace = await makeNamespace(server.kubeConfig(), 'world')
    await grantLeases(server.kubeConfig(), namespace)
    const database = await (await postgres()).createDatabase()
    const { url } = await qdrant()
    const world = new OperatorWorld(server, namespace, database, await countingProxy(url), options.pods ?? true)
    // For tests that fail before they dispose of it: what runs on would keep the test run from ending.
    onEndOfFile(() => world.dispose())
    return world
  }

  async start(options: OperatorOptions = {}): Promise<RunningOperator> {
    const env = {
      API_IMAGE: 'selfrag-api:test',
      WATCH_NAMESPACES: this.namespace,
      LEADER_ELECT: 'false',
      LEASE_NAMESPACE: this.namespace,
      POD_NAMESPACE: this.namespace,
      METRICS_BIND: '127.0.0.1:0',
      LOG_LEVEL: 'info',
      ...options.env,
    }
    const parsed = parseOperatorConfig(env)
    if (!parsed.ok) throw new Error(parsed.faults.join('\n'))
    const real = kubeTransport(this.server.kubeConfig(USER), 'selfrag-operator')
    const operator = await runOperator({
      config: parsed.config,
      transport: options.transport?.(real) ?? real,
      openStores: this.#countingStores(options.stores ?? (stores => stores)),
      timers: systemTimers,
      now: options.now ?? (() => new Date()),
      random: Math.random,
      log: pino({ level: 'debug' }, { write: (line: string) => void this.logs.push(line) }),
      ...(options.hooks ? { hooks: options.hooks } : {}),
    })
    this.#operators.push(operator)
    return operator
  }

  /** The two samples, in this world's namespace and on its servers. */
  async applySamples(
    change: (pipeline: Record<string, never>) => void = () => undefined,
    changeTenant: (tenant: SampleObject) => void = () => undefined,
  ): Promise<void> {
    await this.createSecret()
    const pipeline = await sample('pipeline.yaml')
    pipeline.spec.vectors = { engine: 'qdrant', url: this.qdrant.url, collectionPrefix: this.prefix }
    change(pipeline as never)
    await this.create(pipeline)
    const tenant = await sample('tenant.yaml')
    changeTenant(tenant)
    await this.create(tenant)
  }

  async createSecret(url = this.database.url): Promise<void> {
    const data = { url: Buffer.from(url).toString('base64') }
    await this.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'demo-postgres' }, data })
  }

  async create(object: object): Promise<KubernetesObject> {
    const given = object as KubernetesObject
    const type = Object.values(types).find(({ kind }) => kind === given.kind)
    if (!type) throw new Error(`no such kind: ${given.kind}`)
    return this.client.create(type, { ...given, metadata: { ...given.metadata, namespace: this.namespace } })
  }

  async pipeline(name = 'demo'): Promise<Pipeline> {
    return present(await this.client.get<Pipeline>(types.pipelines, { namespace: this.namespace, name }), name)
  }

  async tenant(name = 'acme'): Promise<Tenant> {
    return present(await this.client.get<Tenant>(types.tenants, { namespace: this.namespace, name }), name)
  }

  async secret(name: string): Promise<Record<string, string> | null> {
    const secret = await this.client.get<KubernetesObject & { data?: Record<string, string> }>(types.secrets, { namespace: this.namespace, name }) // prettier-ignore
    if (!secret) return null
    const entries = Object.entries(secret.data ?? {})
    return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]))
  }

  /** Waits until both samples are Ready; tells their conditions when they do not become so. */
  async becomesReady(timeoutMs = 20_000): Promise<void> {
    await eventually(async () => {
      for (const resource of [await this.pipeline(), await this.tenant()]) {
        const ready = conditionOf(resource, 'Ready')
        const current = resource.status?.observedGeneration === resource.metadata.generation
        if (ready?.status !== 'True' || !current)
          throw new Error(`${resource.kind} is not ready: ${JSON.stringify(resource.status, null, 1)}\n${this.logs.slice(-5).join('')}`) // prettier-ignore
      }
    }, timeoutMs)
  }

  /** What operators have asked the API server to change since it started, Leases left out. */
  async clusterWrites(): Promise<string[]> {
    const writes = await this.server.writes()
    return writes
      .filter(({ user, namespace, resource }) => user === USER && namespace === this.namespace && resource !== 'leases')
      .map(({ verb, resource, subresource, name }) => [verb, resource, name, subresource].filter(Boolean).join(' '))
  }

  async stopOperators(): Promise<void> {
    for (const operator of this.#operators.splice(0)) await operator.stop()
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return
    this.#disposed = true
    await this.stopOperators()
    await this.#manager?.stop()
    await this.sql.destroy()
    for (const name of await this.vectors.collections.list(this.prefix)) await this.vectors.collections.delete(name)
    await this.vectors.close()
    await this.qdrant.close()
    await this.database.drop()
  }

  #countingStores(around: (real: ProvisioningStores) => ProvisioningStores): OpenStores {
    return address => {
      const stores = openStores(address)
      stores.database.on('query', ({ sql }: { sql: string }) => {
        if (/^\s*(insert|update|delete|create|alter|drop|grant|revoke|truncate|comment|reassign|do|copy|lock)\b/i.test(sql)) this.databaseWrites.push(sql) // prettier-ignore
      })
      return around(stores)
    }
  }
}

export function conditionOf(resource: Pipeline | Tenant, type: string): Condition | undefined {
  return resource.status?.conditions?.find(condition => condition.type === type)
}

export function present<T>(value: T | null, what: string): T {
  if (value === null) throw new Error(`${what} is not there`)
  return value
}

interface SampleObject {
  metadata: object
  spec: Record<string, unknown>
}

async function sample(file: string): Promise<SampleObject> {
  return parse(await readFile(join(samples, file), 'utf8')) as SampleObject
}

const prepared = new WeakMap<TestApiServer, Promise<void>>()

/** CRDs, and the operator's rights, once for all suites. */
function prepareCluster(server: TestApiServer): Promise<void> {
  const known = prepared.get(server)
  if (known) return known
  const prepare = async () => {
    const config = server.kubeConfig()
    await installCrds(config)
    const rbac = config.makeApiClient(RbacAuthorizationV1Api)
    const metadata = { name: 'selfrag-operator' }
    await rbac.createClusterRole({ body: { metadata, rules: [...watchedGrants, ...clusterScopedGrants].map(ruleOf) } })
    await rbac.createClusterRoleBinding({
      body: {
        metadata,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'selfrag-operator' },
        subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: USER }],
      },
    })
  }
  const preparing = prepare()
  prepared.set(server, preparing)
  return preparing
}

async function grantLeases(config: KubeConfig, namespace: string): Promise<void> {
  const rbac = config.makeApiClient(RbacAuthorizationV1Api)
  const metadata = { name: 'selfrag-operator' }
  await rbac.createNamespacedRole({ namespace, body: { metadata, rules: ownNamespaceGrants.map(ruleOf) } })
  await rbac.createNamespacedRoleBinding({
    namespace,
    body: {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'selfrag-operator' },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: USER }],
    },
  })
}

function ruleOf({ groups, resources, resourceNames, verbs }: Grant) {
  return {
    apiGroups: [...groups],
    resources: [...resources],
    verbs: [...verbs],
    ...(resourceNames ? { resourceNames: [...resourceNames] } : {}),
  }
}
