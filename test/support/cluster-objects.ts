import { readdir, readFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import {
  ApiException,
  ApiextensionsV1Api,
  CoreV1Api,
  loadYaml,
  type KubeConfig,
  type V1CustomResourceDefinition,
} from '@kubernetes/client-node'
import { eventually } from './eventually.ts'

const folder = join(import.meta.dirname, '../../crds')

/** Installs (or replaces) the product's CustomResourceDefinitions from crds/*.yaml and waits until they are served. */
export async function installCrds(config: KubeConfig): Promise<void> {
  const api = config.makeApiClient(ApiextensionsV1Api)
  const files = (await readdir(folder)).filter(file => file.endsWith('.yaml'))
  if (files.length === 0) throw new Error(`${folder} holds no *.yaml: run \`npm run generate\``)
  for (const file of files) {
    // Not yaml's parse: the client spells `x-kubernetes-*` and `default` its own way and would drop the real ones.
    const crd = loadYaml<V1CustomResourceDefinition>(await readFile(join(folder, file), 'utf8'))
    const name = crd.metadata?.name ?? ''
    const existing = await api.readCustomResourceDefinition({ name }).catch(onlyNotFound)
    if (existing) {
      const metadata = { ...crd.metadata, resourceVersion: existing.metadata?.resourceVersion ?? '' }
      await api.replaceCustomResourceDefinition({ name, body: { ...crd, metadata } })
    } else {
      await api.createCustomResourceDefinition({ body: crd })
    }
    await eventually(async () => {
      const { status } = await api.readCustomResourceDefinition({ name })
      const established = status?.conditions?.find(({ type }) => type === 'Established')
      if (established?.status !== 'True') throw new Error(`${name} is not established`)
    })
  }
}

/** Makes a namespace with a name of its own, `PREFIX-1f0c2d`, and gives the name. */
export async function makeNamespace(config: KubeConfig, prefix: string): Promise<string> {
  const name = `${prefix}-${randomBytes(3).toString('hex')}`
  await config.makeApiClient(CoreV1Api).createNamespace({ body: { metadata: { name } } })
  return name
}

function onlyNotFound(error: unknown): null {
  if (error instanceof ApiException && error.code === 404) return null
  throw error
}
