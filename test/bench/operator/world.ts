import { writeFile } from 'node:fs/promises'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { types } from '../../../operator/observe/resource-types.ts'
import { type Tenant } from '../../../operator/observe/resources.ts'
import { Informer } from '../../../operator/runtime/informer.ts'
import { systemTimers } from '../../../operator/runtime/timers.ts'
import { runJobs, startPods } from '../../support/controller-manager.ts'
import { eventually } from '../../support/eventually.ts'
import { freePort } from '../../support/free-port.ts'
import { conditionOf, OperatorWorld, USER } from '../../support/operator-world.ts'
import { type PostgresTap, postgresTap } from '../../support/postgres-tap.ts'
import { pipelineManifest, tenantManifest } from '../../support/sample-resources.ts'
import { type BenchOptions } from './options.ts'
import { type OperatorProcess, startOperator } from './operator-process.ts'

/** Changes anywhere, as the servers have seen them. */
export interface Writes {
  readonly kubernetes: number
  readonly postgres: number
  readonly qdrant: number
}

/** The servers, a pipeline, and eyes on everything. */
export class BenchWorld {
  readonly world: OperatorWorld
  readonly tap: PostgresTap
  readonly #options: BenchOptions
  readonly #folder: string
  readonly #tenants: Informer<Tenant>
  readonly #stopWatching = new AbortController()
  readonly #watching: Promise<void>

  private constructor(world: OperatorWorld, tap: PostgresTap, options: BenchOptions) {
    this.world = world
    this.tap = tap
    this.#options = options
    this.#folder = mkdtempSync(join(tmpdir(), 'selfrag-bench-operator-'))
    const log = { debug: () => undefined, warn: () => undefined }
    this.#tenants = new Informer<Tenant>({ client: world.client, type: types.tenants, namespaces: [world.namespace], timers: systemTimers, random: Math.random, log }) // prettier-ignore
    this.#watching = this.#tenants.run(this.#stopWatching.signal)
  }

  static async make(options: BenchOptions): Promise<BenchWorld> {
    const world = await OperatorWorld.make({ pods: false })
    return new BenchWorld(world, await postgresTap(world.database.url), options)
  }

  /** Leader election is on, as in production. */
  async startOperator(): Promise<OperatorProcess> {
    const kubeConfig = join(this.#folder, 'kubeconfig')
    await writeFile(kubeConfig, this.world.server.kubeConfig(USER).exportConfig(), { mode: 0o600 })
    const env = {
      KUBECONFIG: kubeConfig,
      API_IMAGE: 'selfrag-api:bench',
      WATCH_NAMESPACES: this.world.namespace,
      POD_NAMESPACE: this.world.namespace,
      METRICS_BIND: `127.0.0.1:${await freePort()}`,
      WORKERS: String(this.#options.workers),
    }
    return startOperator(env, join(this.#folder, 'operator.log'), this.#options.profile)
  }

  async makePipeline(): Promise<void> {
    await this.world.createSecret(this.tap.url)
    const vectors = { engine: 'qdrant', url: this.world.qdrant.url, collectionPrefix: this.world.prefix }
    await this.world.create(pipelineManifest({ vectors }))
    await eventually(async () => {
      await runJobs(this.world.client, this.world.namespace)
      await startPods(this.world.client, this.world.namespace)
      const pipeline = await this.world.pipeline()
      if (conditionOf(pipeline, 'Ready')?.status !== 'True') throw new Error(`the pipeline is not ready: ${JSON.stringify(pipeline.status)}`) // prettier-ignore
    }, 60_000)
  }

  /** As many as the options say, each like the sample: a knowledge base and two keys. */
  async applyTenants(): Promise<void> {
    const names = Array.from({ length: this.#options.tenants }, (_, index) => `tenant-${index}`)
    const apply = async () => {
      for (let name = names.pop(); name !== undefined; name = names.pop()) await this.world.create(tenantOf(name))
    }
    await Promise.all(Array.from({ length: 20 }, apply))
  }

  get ready(): number {
    return this.#tenants.list().filter(isReady).length
  }

  /** A wish of its own for one tenant; resolves with the seconds until its status is about it. */
  async changeTenant(name: string, displayName: string): Promise<number> {
    const start = performance.now()
    const ref = { name, namespace: this.world.namespace }
    const { metadata } = await this.world.client.mergePatch(types.tenants, ref, { spec: { displayName } })
    await eventually(() => {
      const tenant = this.#tenants.get(ref)
      if (!tenant || tenant.metadata.generation < (metadata.generation ?? 0) || !isReady(tenant)) throw new Error(`${name} is not reconciled`) // prettier-ignore
    }, 60_000, 5) // prettier-ignore
    return (performance.now() - start) / 1000
  }

  async writes(): Promise<Writes> {
    return {
      kubernetes: (await this.world.clusterWrites()).length,
      postgres: this.tap.writes.length,
      qdrant: this.world.qdrant.writes.length,
    }
  }

  async dispose(): Promise<void> {
    this.#stopWatching.abort()
    await this.#watching
    await this.world.dispose()
    await this.tap.close()
  }
}

function tenantOf(name: string): object {
  return tenantManifest(
    {
      displayName: `Team ${name}`,
      knowledgeBases: [{ name: 'handbook' }],
      apiKeys: [
        { name: 'admin', role: 'admin', secretName: `${name}-admin-key` },
        { name: 'reader', role: 'read', knowledgeBases: ['handbook'], secretName: `${name}-reader-key` },
      ],
    },
    name,
  )
}

function isReady(tenant: Tenant): boolean {
  const ready = conditionOf(tenant, 'Ready')
  return ready?.status === 'True' && ready.observedGeneration === tenant.metadata.generation
}
