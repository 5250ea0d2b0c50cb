import { type ReferencedSecret } from '../desired/referenced-secrets.ts'
import { type KubernetesClient } from '../runtime/kubernetes-client.ts'
import { type KubernetesObject } from '../runtime/kubernetes-object.ts'
import { types } from './resource-types.ts'

export interface Secret extends KubernetesObject {
  readonly type?: string
  /** base64 */
  readonly data?: Readonly<Record<string, string>>
}

/** What is not there, and who asked for it. */
export type MissingSecret =
  { readonly name: string; readonly key: null } | { readonly name: string; readonly key: string }

export interface ObservedSecrets {
  /** Decoded values: name of the Secret → key → value. Never to be logged or put into a status. */
  readonly values: ReadonlyMap<string, ReadonlyMap<string, string>>
  readonly missing: readonly MissingSecret[]
}

/** Reads the Secrets that a resource refers to, as they are now. */
export async function observeSecrets(
  client: KubernetesClient,
  namespace: string,
  references: readonly ReferencedSecret[],
): Promise<ObservedSecrets> {
  const secrets = await Promise.all(
    references.map(({ name }) => client.get<Secret>(types.secrets, { name, namespace })),
  )
  const values = new Map<string, ReadonlyMap<string, string>>()
  const missing: MissingSecret[] = []
  for (const [index, reference] of references.entries()) {
    const secret = secrets[index]
    if (!secret) {
      missing.push({ name: reference.name, key: null })
      continue
    }
    const decoded = decode(secret)
    values.set(reference.name, decoded)
    for (const key of reference.keys) if (!decoded.get(key)) missing.push({ name: reference.name, key })
  }
  return { values, missing }
}

/** Keys and decoded values. */
export function decode(secret: Secret): ReadonlyMap<string, string> {
  const entries = Object.entries(secret.data ?? {})
  return new Map(entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8').trim()]))
}
