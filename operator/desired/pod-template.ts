import type { V1PodSpec, V1PodTemplateSpec, V1Toleration } from '@kubernetes/client-node'
import { settingsFingerprint } from '../../api/contract/fingerprint.ts'
import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import { container, PRE_STOP_SECONDS, writable } from './container.ts'
import { plainVariables } from './environment.ts'
import { objectLabels, selectorLabels } from './labels.ts'
import { type Component, names } from './names.ts'
import { configurationSchema } from '../../api/contract/configuration.ts'
import type { EnvironmentVariable } from '../../crds/pod.ts'

/** What the objects depend on beyond the RagPipeline itself. */
export interface WorkloadContext {
  /** Image of pipelines that name none: the one that the operator was released with. */
  readonly image: string
  /** Changes whenever the content of a Secret that the pods read changes; pods then roll. Never the content itself. */
  readonly secretsChecksum: string
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
    spec: podSpec(pipeline, component, pipeline.spec.image ?? context.image),
  }
}

function podSpec(pipeline: RagPipeline, component: Component, image: string): V1PodSpec {
  const { imagePullSecrets } = pipeline.spec
  return {
    serviceAccountName: names.serviceAccount(pipeline),
    automountServiceAccountToken: false,
    // Otherwise a Service called `qdrant` would put QDRANT_PORT=tcp://… into the environment.
    enableServiceLinks: false,
    terminationGracePeriodSeconds: PRE_STOP_SECONDS + shutdownGrace(pipeline.spec[component].env) + 5,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      fsGroup: USER,
      seccompProfile: { type: 'RuntimeDefault' },
    },
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
    ...(imagePullSecrets.length > 0 ? { imagePullSecrets: imagePullSecrets.map(({ name }) => ({ name })) } : {}),
    ...placement(pipeline, component),
  }
}

/** How long the program takes to end by itself; `env` may say otherwise than the default. */
function shutdownGrace(env: readonly EnvironmentVariable[]): number {
  const value = env.find(({ name }) => name === 'SHUTDOWN_GRACE_SECONDS')?.value
  const parsed = configurationSchema.shape.SHUTDOWN_GRACE_SECONDS.safeParse(value)
  return parsed.success ? parsed.data : configurationSchema.shape.SHUTDOWN_GRACE_SECONDS.parse(undefined)
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
