import {
  ApiException,
  ApiextensionsV1Api,
  type KubeConfig,
  type V1CustomResourceDefinition,
} from '@kubernetes/client-node'
import { eventually } from './eventually.ts'

/** The least that the API server needs to serve these kinds; the real ones of the Prometheus operator check more. */
const definitions = [definition('ServiceMonitor', 'servicemonitors'), definition('PrometheusRule', 'prometheusrules')]

function definition(kind: string, plural: string): V1CustomResourceDefinition {
  const group = 'monitoring.coreos.com'
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', x_kubernetes_preserve_unknown_fields: true } } } }, // prettier-ignore
        },
      ],
    },
  }
}

/** Installs the kinds of the Prometheus operator, unless another suite has, and waits until they are served. */
export async function installMonitoringCrds(config: KubeConfig): Promise<void> {
  const api = config.makeApiClient(ApiextensionsV1Api)
  for (const body of definitions) {
    await api.createCustomResourceDefinition({ body }).catch(onlyAlreadyExists)
    await eventually(async () => {
      const { status } = await api.readCustomResourceDefinition({ name: body.metadata!.name! })
      const established = status?.conditions?.find(({ type }) => type === 'Established')
      if (established?.status !== 'True') throw new Error(`${body.metadata!.name} is not established`)
    })
  }
}

/** Removes them with all their objects, and waits until they are gone; no error when they are not there. */
export async function removeMonitoringCrds(config: KubeConfig): Promise<void> {
  const api = config.makeApiClient(ApiextensionsV1Api)
  for (const { metadata } of definitions) {
    const name = metadata!.name!
    await api.deleteCustomResourceDefinition({ name }).catch(onlyNotFound)
    await eventually(async () => {
      if (await api.readCustomResourceDefinition({ name }).catch(onlyNotFound))
        throw new Error(`${name} is still there`)
    })
  }
}

function onlyAlreadyExists(error: unknown): void {
  if (!(error instanceof ApiException && error.code === 409)) throw error
}

function onlyNotFound(error: unknown): null {
  if (error instanceof ApiException && error.code === 404) return null
  throw error
}
