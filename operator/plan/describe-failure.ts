import { isRefusal, KubernetesError } from '../runtime/kubernetes-error.ts'

/** Why a reconciliation failed for which nobody has foreseen words, for the conditions `Ready` and `Degraded`. Pure. */
export function describeFailure(error: unknown): { readonly reason: string; readonly message: string } {
  const message = error instanceof Error ? error.message : String(error)
  if (!(error instanceof KubernetesError) || !isRefusal(error))
    return { reason: 'ReconcileFailed', message: `${message}; it is tried again by itself` }
  if (error.cause === 'NamespaceTerminating')
    return { reason: 'NamespaceTerminating', message: `${message}; it goes with its namespace` }
  return {
    reason: 'Refused',
    message: `the API server refused ${message}; mend what refuses it; it is tried again by itself`,
  }
}
