import type { V1IngressSpec } from '@kubernetes/client-node'
import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import type { KubernetesObject } from '../runtime/kubernetes-object.ts'
import { objectMetadata } from './metadata.ts'
import { names } from './names.ts'
import { numberVariable } from './number-variable.ts'

export interface Ingress extends KubernetesObject {
  readonly spec: V1IngressSpec
}

/** Seconds that ingress-nginx waits for the next bytes of an answer: between two of a stream, not for the whole of it. */
const PROXY_SECONDS = 60

/** Where the API is reached from outside the cluster; null when the spec does not ask for it. */
export function ingress(pipeline: RagPipeline): Ingress | null {
  const { enabled, className, host, annotations } = pipeline.spec.ingress
  // The API server refuses one without a host; npm start reads files that it has not seen.
  if (!enabled || host === undefined) return null
  const metadata = objectMetadata(pipeline, names.service(pipeline), 'api')
  const secretName = certificateSecret(pipeline)
  const backend = { service: { name: names.service(pipeline), port: { name: 'http' } } }
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { ...metadata, annotations: { ...controllerAnnotations(pipeline), ...annotations } },
    spec: {
      ...(className ? { ingressClassName: className } : {}),
      ...(secretName ? { tls: [{ hosts: [host], secretName }] } : {}),
      rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    },
  }
}

/** Secret with the certificate; null: plain HTTP. */
export function certificateSecret({ spec, metadata }: RagPipeline): string | null {
  const { tls } = spec.ingress
  return tls ? (tls.secretName ?? `${metadata.name}-tls`) : null
}

/** What ingress-nginx and cert-manager read; other controllers do not mind. */
function controllerAnnotations(pipeline: RagPipeline): Record<string, string> {
  const { tls } = pipeline.spec.ingress
  const bodyMb = numberVariable(pipeline.spec.api.env, 'MAX_BODY_MB')
  const nginx = 'nginx.ingress.kubernetes.io'
  return {
    // As much as the API takes: it answers what is too large with its own error.
    [`${nginx}/proxy-body-size`]: `${bodyMb}m`,
    [`${nginx}/proxy-read-timeout`]: String(PROXY_SECONDS),
    [`${nginx}/proxy-send-timeout`]: String(PROXY_SECONDS),
    // Events of a stream go out as they come.
    [`${nginx}/proxy-buffering`]: 'off',
    ...(tls ? { [`${nginx}/ssl-redirect`]: 'true' } : {}),
    ...(tls?.issuerRef ? issuerAnnotation(tls.issuerRef) : {}),
  }
}

function issuerAnnotation({ kind, name }: { kind: 'ClusterIssuer' | 'Issuer'; name: string }): Record<string, string> {
  return { [`cert-manager.io/${kind === 'Issuer' ? 'issuer' : 'cluster-issuer'}`]: name }
}
