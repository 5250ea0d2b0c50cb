/** A host that pods talk to. */
export interface NetworkAddress {
  /** A name or an IP, without brackets. */
  readonly host: string
  readonly port: number
}

const standardPorts: Readonly<Record<string, number>> = {
  'http:': 80,
  'https:': 443,
  'postgres:': 5432,
  'postgresql:': 5432,
  'postgresql+asyncpg:': 5432,
  'redis:': 6379,
  'rediss:': 6379,
}

/** Where a URL points to; null for a text that is none, and for what never leaves the pod. */
export function addressOf(text: string): NetworkAddress | null {
  if (!URL.canParse(text)) return null
  const { protocol, hostname, port, searchParams } = new URL(text)
  const isPostgres = protocol.startsWith('postgres')
  const host = ((isPostgres && searchParams.get('host')) || hostname).replace(/^\[|\]$/g, '').toLowerCase()
  const number = Number((isPostgres && searchParams.get('port')) || port || standardPorts[protocol])
  return Number.isInteger(number) && number > 0 ? remote({ host, port: number }) : null
}

/** Null for what never leaves the pod: loopback, the folder of a socket. */
export function remote(address: NetworkAddress): NetworkAddress | null {
  const { host } = address
  const stays = host === '' || host === 'localhost' || host === '::1' || /^(127\.|\/|%2f)/.test(host)
  return stays ? null : address
}

/** Where an address lies, as far as that can be told without asking anybody. */
export type Place =
  | { readonly kind: 'ip' }
  /** Pods of a namespace, behind a Service. */
  | { readonly kind: 'namespace'; readonly namespace: string }
  /** A name of two parts can be a Service in another namespace and a host in the internet. */
  | { readonly kind: 'either'; readonly namespace: string }
  | { readonly kind: 'outside' }

/** @param namespace of the pods: where a Service without a namespace in its name lies */
export function placeOf({ host }: NetworkAddress, namespace: string): Place {
  if (host.includes(':') || /^\d{1,3}(\.\d{1,3}){3}$/.test(host)) return { kind: 'ip' }
  const labels = host.replace(/\.$/, '').split('.')
  const [, second = ''] = labels
  // A dot at the end: the name is whole, and no domain of the cluster is tried behind it.
  const isShort = !host.endsWith('.')
  if (isShort && labels.length === 1) return { kind: 'namespace', namespace }
  if (isShort && labels.length === 2) return { kind: 'either', namespace: second }
  // service.namespace.svc, pod.service.namespace.svc.cluster.local
  const svc = labels.indexOf('svc', 2)
  return svc < 0 ? { kind: 'outside' } : { kind: 'namespace', namespace: labels[svc - 1] ?? '' }
}
