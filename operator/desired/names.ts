import { settingsFingerprint } from '../../api/contract/fingerprint.ts'
import { namespaceOf } from '../../crds/pipeline-ref.ts'
import type { RagPipeline } from '../../crds/rag-pipeline.ts'

/** Port of the API and of the worker's probes; also that of the Service. */
export const PORT = 8020

export type Component = 'api' | 'worker'
/** What runs to its end, in a Job of its own. */
export type JobComponent = 'migrate' | 'backup'

export function isJob(component: Component | JobComponent): component is JobComponent {
  return component === 'migrate' || component === 'backup'
}

/** Names of the objects of a pipeline; all in its namespace. */
export const names = {
  deployment: (pipeline: RagPipeline, component: Component) => `${pipeline.metadata.name}-${component}`,
  /** `digest` tells attempts apart: 6 characters, so that the longest name of a pipeline still fits. */
  job: (pipeline: RagPipeline, component: JobComponent, digest: string) => `${pipeline.metadata.name}-${component}-${digest}`, // prettier-ignore
  cronJob: (pipeline: RagPipeline, component: JobComponent) => cronJobName(pipeline.metadata.name, component),
  service: (pipeline: RagPipeline) => `${pipeline.metadata.name}-api`,
  /** For Prometheus alone: nothing else asks a worker. */
  workerService: (pipeline: RagPipeline) => `${pipeline.metadata.name}-worker`,
  monitoring: (pipeline: RagPipeline) => pipeline.metadata.name,
  networkPolicy: (pipeline: RagPipeline, component: Component | JobComponent) => `${pipeline.metadata.name}-${component}`, // prettier-ignore
  serviceAccount: (pipeline: RagPipeline) => pipeline.metadata.name,
  configMap: (pipeline: RagPipeline) => `${pipeline.metadata.name}-config`,
  adminTokenSecret: (pipeline: RagPipeline) => `${pipeline.metadata.name}-admin-token`,
}

/** Where the Ingress makes the API reachable; stands in `status.externalUrl`. Null without an Ingress. */
export function externalUrl({ spec }: RagPipeline): string | null {
  const { enabled, host, tls } = spec.ingress
  return enabled && host !== undefined ? `${tls ? 'https' : 'http'}://${host}` : null
}

/** At most 52 characters, because a Job's name adds eleven. */
function cronJobName(pipeline: string, component: JobComponent): string {
  const plain = `${pipeline}-${component}`
  if (plain.length <= 52) return plain
  const digest = settingsFingerprint({ pipeline }).slice(0, 6)
  return `${pipeline.slice(0, 50 - digest.length - component.length)}-${digest}-${component}`
}

/** Where applications in the cluster reach the API; stands in `status.url`. */
export function apiUrl(pipeline: RagPipeline): string {
  return `http://${names.service(pipeline)}.${namespaceOf(pipeline)}.svc:${PORT}`
}
