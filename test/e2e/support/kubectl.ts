import { type KubernetesObject } from '../../../operator/runtime/kubernetes-object.ts'
import { cluster } from './cluster.ts'
import { command, type RunningCommand, startCommand } from './command.ts'

/** `kubectl ARGS` on the cluster of this run. @throws Error with what kubectl said */
export async function kubectl(args: readonly string[], input?: string): Promise<string> {
  await cluster()
  return command('kubectl', args, input === undefined ? {} : { input })
}

/** The same, with its standard input left open until `end()`. */
export async function startKubectl(args: readonly string[]): Promise<RunningCommand> {
  await cluster()
  return startCommand('kubectl', args, { keepOpen: true })
}

/** Server-side apply, as the resources' owner would do it. */
export async function apply(...objects: readonly object[]): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items: objects }
  await kubectl(['apply', '--server-side', '--force-conflicts', '--field-manager=e2e', '-f', '-'], JSON.stringify(list))
}

/** Null when it is not there. */
export async function get<T = KubernetesObject>(kind: string, name: string, namespace?: string): Promise<T | null> {
  const text = await kubectl(['get', kind, name, '--ignore-not-found', '-o', 'json', ...inNamespace(namespace)])
  return text.trim() === '' ? null : (JSON.parse(text) as T)
}

/** @throws Error when it is not there */
export async function read<T = KubernetesObject>(kind: string, name: string, namespace?: string): Promise<T> {
  const found = await get<T>(kind, name, namespace)
  if (!found) throw new Error(`${kind} ${namespace ?? ''}/${name} is not there`)
  return found
}

/** Of one kind or several (`pods,services`); without a namespace, of all. */
export async function list<T = KubernetesObject>(kinds: string, namespace?: string, selector?: string): Promise<T[]> {
  const where = namespace ? ['--namespace', namespace] : ['--all-namespaces']
  const text = await kubectl(['get', kinds, '-o', 'json', ...where, ...(selector ? ['--selector', selector] : [])])
  return (JSON.parse(text) as { items: T[] }).items
}

/** Merge-patches one object. */
export async function patch(kind: string, name: string, namespace: string, change: object): Promise<void> {
  await kubectl(['patch', kind, name, '--namespace', namespace, '--type=merge', '--patch', JSON.stringify(change)])
}

/** `kubectl wait --for=CONDITION`. */
export async function waitFor(condition: string, resource: string, namespace: string, seconds = 120): Promise<void> {
  await kubectl(['wait', `--for=${condition}`, resource, '--namespace', namespace, `--timeout=${seconds}s`])
}

/** Values of a Secret, as text. */
export async function secretValues(name: string, namespace: string): Promise<Record<string, string>> {
  const { data = {} } = await read<KubernetesObject & { data?: Record<string, string> }>('secret', name, namespace)
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]))
}

function inNamespace(namespace: string | undefined): string[] {
  return namespace ? ['--namespace', namespace] : []
}
