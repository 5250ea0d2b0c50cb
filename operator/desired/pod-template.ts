import type { V1PodSpec, V1PodTemplateSpec, V1Toleration } from '@kubernetes/client-node'
import { settingsFingerprint } from '../../api/contract/fingerprint.ts'
import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import { container, PRE_STOP_SECONDS, writable } from './container.ts'
import { plainVariables } from './environment.ts'
import { objectLabels, selectorLabels } from './labels.ts'
import { type Component, names } from './names.ts'
import type { NetworkAddress } from './network-address.ts'
import { numberVariable } from './number-variable.ts'

/** What the objects depend on beyond the RagPipeline itself. */
export interface WorkloadContext {
  /** Image of pipelines that name none: the one that the operator was released with. */
  readonly image: string
  /** Changes whenever the content of a Secret that the pods read changes; pods then roll. Never the content itself. */
  readonly secretsChecksum: string
  /** Hosts of the URLs in Secrets and ConfigMaps that the pods read, which a NetworkPolicy has to let them reach. */
  readonly addresses: readonly NetworkAddress[]
}

/** What a pipeline runs. */
export function imageOf(pipeline: RagPipeline, { image }: Pick<WorkloadContext, 'image'>): string {
  return pipeline.spec.image ?? image
}

/** User that the image runs as; the number stands here because `runAsNonRoot` cannot check a name. */
const USER = 10_001

/** A pod that the `restricted` Pod Security Standard admits. */
export function podTemplate(pipeline: RagPipeline, component: Component, context: WorkloadContext): V1PodTemplateSpec {
  const { labels, annotations } = pipeline.spec[component].podTemplate
  return {
    metadata: {
      labels: { ...labels, ...objectLabels(pipeline, component) },
      annotations: {
        ...annotations,
        'selfrag.io/config-checksum': settingsFingerprint(plainVariables(pipeline)),
        'selfrag.io/secrets-checksum': context.secretsChecksum,
      },
    },
    spec: podSpec(pipeline, component, imageOf(pipeline, context)),
  }
}

function podSpec(pipeline: RagPipeline, component: Component, image: string): V1PodSpec {
  const shutdownGrace = numberVariable(pipeline.spec[component].env, 'SHUTDOWN_GRACE_SECONDS')
  return {
    ...podBasis(pipeline, component),
    terminationGracePeriodSeconds: PRE_STOP_SECONDS + shutdownGrace + 5,
    containers: [container(pipeline, component, image)],
    volumes: writable.map(({ name }) => ({ name, emptyDir: {} })),
    topologySpreadConstraints: [
      {
        topologyKey: 'kubernetes.io/hostname',
        maxSkew: 1,
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: selectorLabels(pipeline, component) },
      },
    ],
  }
}

/**
 * What every pod of a pipeline has: who it is, what it may, where it runs.
 * @param component whose `podTemplate` says where
 */
export function podBasis(pipeline: RagPipeline, component: Component): Omit<V1PodSpec, 'containers'> {
  const { imagePullSecrets } = pipeline.spec
  return {
    serviceAccountName: names.serviceAccount(pipeline),
    automountServiceAccountToken: false,
    // Otherwise a Service called `qdrant` would put QDRANT_PORT=tcp://… into the environment.
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      fsGroup: USER,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    ...(imagePullSecrets.length > 0 ? { imagePullSecrets: imagePullSecrets.map(({ name }) => ({ name })) } : {}),
    ...placement(pipeline, component),
  }
}

/** Only what is set: the API server drops empty lists and maps. */
function placement(pipeline: RagPipeline, component: Component): Partial<V1PodSpec> {
  const { nodeSelector, tolerations, affinity, priorityClassName } = pipeline.spec[component].podTemplate
  return {
    ...(Object.keys(nodeSelector).length > 0 ? { nodeSelector } : {}),
    ...(tolerations.length > 0 ? { tolerations: tolerations as V1Toleration[] } : {}),
    ...(affinity ? { affinity } : {}),
    ...(priorityClassName ? { priorityClassName } : {}),
  }
}
