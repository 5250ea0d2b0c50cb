import type { V1Container, V1EnvVar, V1Probe, V1ResourceRequirements } from '@kubernetes/client-node'
import type { EnvironmentVariable } from '../../crds/pod.ts'
import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import type { Resources } from '../../crds/resources.ts'
import { secretVariables } from './environment.ts'
import { type Component, names, PORT } from './names.ts'

/** Until the Service's endpoints have forgotten a pod that is going; requests still arrive meanwhile. */
export const PRE_STOP_SECONDS = 5

/** What the programs may write to: everything else of the container's file system is read-only. */
export const writable = [
  { name: 'tmp', mountPath: '/tmp' },
  // A local model that the image does not hold is downloaded to here: the image's user has the home /home/selfrag.
  { name: 'cache', mountPath: '/home/selfrag/.cache' },
] as const

/** What the `restricted` Pod Security Standard asks of a container. */
export const restricted = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
}

/** The one container of an API or worker pod. */
export function container(pipeline: RagPipeline, component: Component, image: string): V1Container {
  const workload = pipeline.spec[component]
  return {
    name: component,
    image,
    command: ['node', component === 'api' ? 'dist/api/main.js' : 'dist/api/worker.js'],
    envFrom: [{ configMapRef: { name: names.configMap(pipeline) } }],
    env: [...secretEnv(pipeline), ...workload.env.map(userEnv)],
    ports: [{ name: 'http', containerPort: PORT, protocol: 'TCP' }],
    resources: resources(workload.resources),
    // Loading a model takes seconds, downloading it up to minutes.
    startupProbe: { ...probe('/health', 2), failureThreshold: 150 },
    livenessProbe: { ...probe('/health', 10), failureThreshold: 3 },
    readinessProbe: { ...probe('/ready', 5), failureThreshold: 2 },
    lifecycle: { preStop: { sleep: { seconds: PRE_STOP_SECONDS } } },
    securityContext: restricted,
    volumeMounts: writable.map(volume => ({ ...volume })),
  }
}

function probe(path: string, periodSeconds: number): V1Probe {
  return { httpGet: { path, port: 'http' }, periodSeconds, timeoutSeconds: 5 }
}

/** The variables whose values stay in Secrets, as references. */
export function secretEnv(pipeline: RagPipeline): V1EnvVar[] {
  return secretVariables(pipeline).map(({ name, secret }) => ({ name, valueFrom: { secretKeyRef: { ...secret } } }))
}

/** The API server forgets empty values, so that leaving them out is the only way to have no difference with it. */
export function userEnv({ name, value, valueFrom }: EnvironmentVariable): V1EnvVar {
  if (!valueFrom) return value ? { name, value } : { name }
  const { secretKeyRef, configMapKeyRef } = valueFrom
  return {
    name,
    valueFrom: {
      ...(secretKeyRef ? { secretKeyRef: selector(secretKeyRef) } : {}),
      ...(configMapKeyRef ? { configMapKeyRef: selector(configMapKeyRef) } : {}),
    },
  }
}

function selector({ name, key, optional }: { name: string; key: string; optional?: boolean | undefined }) {
  return { name, key, ...(optional === undefined ? {} : { optional }) }
}

/** Quantities as strings, which is how the API server gives them back. */
export function resources({ requests, limits }: Resources): V1ResourceRequirements {
  const asText = (amounts: Record<string, string | number>) =>
    Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, String(amount)]))
  return { ...(requests ? { requests: asText(requests) } : {}), ...(limits ? { limits: asText(limits) } : {}) }
}
