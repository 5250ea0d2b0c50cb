import { chart, helm } from '../../support/helm.ts'
import { cluster } from './cluster.ts'
import { apply, kubectl } from './kubectl.ts'
import { timed } from './timed.ts'

export const OPERATOR_NAMESPACE = 'selfrag-system'
export const RELEASE = 'selfrag'

let installed: Promise<void> | undefined

/** The operator, installed by Helm with the rights that the chart gives it and no other, in a `restricted` namespace. */
export function installOperator(): Promise<void> {
  return (installed ??= timed('operator', () => upgradeOperator()))
}

/** `helm upgrade --install`, with further values as `--set` takes them; waits until the pods are ready. */
export async function upgradeOperator(...values: string[]): Promise<void> {
  const { images } = await cluster()
  await apply(restrictedNamespace(OPERATOR_NAMESPACE))
  const [repository, tag] = splitTag(images.operator)
  const given = [`image.repository=${repository}`, `image.tag=${tag}`, `apiImage=${images.api}`, 'resyncSeconds=20', 'leaderElection.leaseSeconds=6'] // prettier-ignore
  await helm('upgrade', '--install', RELEASE, chart, '--namespace', OPERATOR_NAMESPACE, '--wait', '--timeout', '3m', ...[...given, ...values].flatMap(value => ['--set', value])) // prettier-ignore
}

/** What the operator's pods have logged, those of this moment. */
export function operatorLogs(tail = -1): Promise<string> {
  return kubectl(['logs', '--namespace', OPERATOR_NAMESPACE, '--selector', 'app.kubernetes.io/component=operator', '--prefix', `--tail=${tail}`]) // prettier-ignore
}

/** A namespace that admits only pods of the `restricted` Pod Security Standard. */
export function restrictedNamespace(name: string): object {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }
}

function splitTag(image: string): [string, string] {
  const colon = image.lastIndexOf(':')
  return [image.slice(0, colon), image.slice(colon + 1)]
}
