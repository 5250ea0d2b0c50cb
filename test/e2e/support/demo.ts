import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { V1Deployment } from '@kubernetes/client-node'
import { parse } from 'yaml'
import { type Pipeline } from '../../../operator/observe/resources.ts'
import { cluster } from './cluster.ts'
import { apply, patch, read, secretValues, waitFor } from './kubectl.ts'
import { installOperator, restrictedNamespace } from './operator.ts'
import { type Stores, stores } from './stores.ts'
import { timed } from './timed.ts'

/** The resources of config/samples, Ready, on the stores of this run. Topics add tenants of their own to the pipeline. */
export interface Demo {
  readonly namespace: string
  readonly pipeline: string
  readonly tenant: string
  /** Of the API's Service, inside the cluster. */
  readonly url: string
  /** Of the tenant's Secrets: one that may do everything, one that may read the knowledge base `handbook`. */
  readonly adminKey: string
  readonly readerKey: string
}

interface Sample {
  readonly metadata: { readonly name: string }
  readonly spec: Readonly<Record<string, unknown>>
}

const samples = join(import.meta.dirname, '../../../config/samples')
const NAMESPACE = 'demo'
export const DEMO_DATABASE = 'demo'
let applied: Promise<Demo> | undefined

export function demo(): Promise<Demo> {
  return (applied ??= timed('samples', applySamples))
}

async function applySamples(): Promise<Demo> {
  await installOperator()
  const servers = await stores()
  await apply(restrictedNamespace(NAMESPACE))
  const spec = await storesOf(servers, NAMESPACE, DEMO_DATABASE)
  const pipeline = await readSample('pipeline.yaml')
  const tenant = await readSample('tenant.yaml')
  await apply(inNamespace({ ...pipeline, spec: { ...pipeline.spec, ...spec, ...underLoad } }), inNamespace(tenant))
  await waitFor('condition=Ready', `ragpipeline/${pipeline.metadata.name}`, NAMESPACE, 180)
  await waitFor('condition=Ready', `ragtenant/${tenant.metadata.name}`, NAMESPACE, 60)
  const { status } = await read<Pipeline>('ragpipeline', pipeline.metadata.name, NAMESPACE)
  return {
    namespace: NAMESPACE,
    pipeline: pipeline.metadata.name,
    tenant: tenant.metadata.name,
    url: status!.url!,
    adminKey: (await secretValues('acme-admin-key', NAMESPACE))['api-key']!,
    readerKey: (await secretValues('acme-reader-key', NAMESPACE))['api-key']!,
  }
}

/** Changes the pipeline’s spec, as a merge patch. */
export async function changeDemo(spec: object): Promise<void> {
  const { pipeline, namespace } = await demo()
  await patch('ragpipeline', pipeline, namespace, { spec })
}

/** What the Deployment of the API runs. */
export async function apiImage(): Promise<string | undefined> {
  const { spec } = await read<V1Deployment>('deployment', 'demo-api', (await demo()).namespace)
  return spec!.template.spec!.containers[0]!.image
}

/** The one of the two images of the API that the Deployment does not run. */
export async function otherApiImage(): Promise<string> {
  const { images } = await cluster()
  return (await apiImage()) === images.nextApi ? images.api : images.nextApi
}

/** One pod more than one, so that one can go; and no limit that a test would run into. */
const underLoad = { api: { replicas: 2 }, rateLimit: { requestsPerMinute: 1_000_000 } }

/**
 * Makes a database and, in `namespace`, the Secrets that reach the stores of this run; gives the part of a RagPipeline's
 * spec that refers to them.
 */
export async function storesOf(servers: Stores, namespace: string, database: string): Promise<Record<string, unknown>> {
  const secret = (name: string, values: Record<string, string>) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    stringData: values,
  })
  await apply(
    secret('demo-postgres', { url: await servers.createDatabase(database) }),
    secret('demo-qdrant', { 'api-key': servers.qdrantApiKey }),
    secret('demo-redis', { url: servers.redisUrl }),
  )
  return {
    postgres: { urlSecretRef: { name: 'demo-postgres' } },
    vectors: {
      engine: 'qdrant',
      url: servers.qdrantUrl,
      apiKeySecretRef: { name: 'demo-qdrant', key: 'api-key' },
      collectionPrefix: database,
    },
    redis: { urlSecretRef: { name: 'demo-redis' } },
  }
}

async function readSample(file: string): Promise<Sample> {
  return parse(await readFile(join(samples, file), 'utf8')) as Sample
}

function inNamespace(resource: Sample): object {
  return { ...resource, metadata: { ...resource.metadata, namespace: NAMESPACE } }
}
