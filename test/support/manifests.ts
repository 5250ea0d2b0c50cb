import { type KubeConfig } from '@kubernetes/client-node'
import { type KubernetesObject } from '../../operator/runtime/kubernetes-object.ts'
import { kubeTransport, readBody, type Transport } from '../../operator/runtime/kubernetes-transport.ts'
import { eventually } from './eventually.ts'

export interface ApplyOptions {
  readonly dryRun?: boolean
  readonly fieldManager?: string
  /** Takes fields that somebody else owns. */
  readonly force?: boolean
}

export interface Applied {
  readonly object: KubernetesObject & Record<string, unknown>
  /** What the API server warned of, such as a violation of a Pod Security Standard. */
  readonly warnings: readonly string[]
}

interface Resource {
  readonly name: string
  readonly kind: string
  readonly namespaced: boolean
}

/** Applies manifests of any kind as `kubectl apply --server-side --validate=strict` does, on plain JSON. */
export class Manifests {
  readonly #transport: Transport
  readonly #resources = new Map<string, readonly Resource[]>()

  constructor(config: KubeConfig) {
    this.#transport = kubeTransport(config, 'manifests')
  }

  /** @throws Error with what the API server said */
  async apply(manifest: KubernetesObject, options: ApplyOptions = {}): Promise<Applied> {
    const query = new URLSearchParams({
      fieldManager: options.fieldManager ?? 'manifests',
      fieldValidation: 'Strict',
      force: String(options.force ?? false),
      ...(options.dryRun ? { dryRun: 'All' } : {}),
    })
    const path = await this.#pathOf(manifest)
    const { body, headers } = await this.#ask('PATCH', `${path}?${query.toString()}`, JSON.stringify(manifest))
    const warnings = [headers['warning'] ?? []].flat()
    return { object: body as Applied['object'], warnings }
  }

  async get(manifest: KubernetesObject): Promise<Applied['object']> {
    return (await this.#ask('GET', await this.#pathOf(manifest))).body as Applied['object']
  }

  /** A kind whose CustomResourceDefinition was just made is served a moment later. */
  async #pathOf({ apiVersion, kind, metadata }: KubernetesObject): Promise<string> {
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
    const resource = await eventually(async () => {
      const found = (await this.#resourcesOf(root)).find(one => one.kind === kind && !one.name.includes('/'))
      if (!found) this.#resources.delete(root)
      if (!found) throw new Error(`the API server does not serve ${apiVersion} ${kind}`)
      return found
    }, 5_000)
    const namespace = resource.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : ''
    return `${root}${namespace}/${resource.name}/${metadata.name}`
  }

  async #resourcesOf(root: string): Promise<readonly Resource[]> {
    const known = this.#resources.get(root)
    if (known) return known
    const { body } = await this.#ask('GET', root)
    const { resources } = body as { resources: readonly Resource[] }
    this.#resources.set(root, resources)
    return resources
  }

  async #ask(method: 'GET' | 'PATCH', path: string, body?: string) {
    const contentType = 'application/apply-patch+yaml'
    const response = await this.#transport({ method, path, silenceMs: 30_000, ...(body ? { body, contentType } : {}) })
    const text = await readBody(response)
    if ((response.statusCode ?? 0) >= 300) throw new Error(`${method} ${path}: ${response.statusCode} ${text}`)
    return { body: JSON.parse(text) as unknown, headers: response.headers }
  }
}
