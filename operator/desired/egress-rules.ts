import type { NetworkPeer } from '../../crds/network-policy.ts'
import { type NetworkAddress, placeOf } from './network-address.ts'

export interface PolicyPort {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP'
  readonly port: number
}

/** As in a NetworkPolicy: without `to` anywhere, without `ports` all of them. */
export interface EgressRule {
  readonly to?: readonly NetworkPeer[] | undefined
  readonly ports?: readonly PolicyPort[] | undefined
}

/** To anywhere, because a cache on the node has an address of its own; OpenShift's DNS pods listen on 5353. */
const dns: EgressRule = {
  ports: [53, 5353].flatMap(port => (['UDP', 'TCP'] as const).map(protocol => ({ protocol, port }))),
}

/**
 * What pods must reach, as precisely as a NetworkPolicy can say it:
 * - an IP: that IP and port;
 * - a Service: all ports of its namespace's pods, because the policy is applied to the pod's port behind it, which the
 *   Service's does not tell;
 * - a host outside: its port, anywhere, because a policy knows no host names and the host's IPs change.
 * @param namespace of the pods
 */
export function egressRules(addresses: readonly NetworkAddress[], namespace: string): EgressRule[] {
  const namespaces = new Set<string>()
  const anywhere = new Set<number>()
  const blocks = new Map<number, Set<string>>()
  for (const address of addresses) {
    const place = placeOf(address, namespace)
    if (place.kind === 'ip') blocks.set(address.port, (blocks.get(address.port) ?? new Set()).add(cidr(address.host)))
    if (place.kind === 'namespace' || place.kind === 'either') namespaces.add(place.namespace)
    if (place.kind === 'outside' || place.kind === 'either') anywhere.add(address.port)
  }
  const ports = [...anywhere].sort(byNumber).map(tcp)
  return [
    dns,
    ...(namespaces.size > 0 ? [{ to: [...namespaces].sort().map(namespacePeer) }] : []),
    ...[...blocks]
      .sort(([a], [b]) => byNumber(a, b))
      .map(([port, ranges]) => ({ to: [...ranges].sort().map(range => ({ ipBlock: { cidr: range } })), ports: [tcp(port)] })),
    ...(ports.length > 0 ? [{ ports }] : []),
  ]
} // prettier-ignore

/** All pods of one namespace. Kubernetes itself labels a namespace with its name. */
export function namespacePeer(name: string): NetworkPeer {
  return { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } }
}

function cidr(ip: string): string {
  return `${ip}/${ip.includes(':') ? 128 : 32}`
}

function tcp(port: number): PolicyPort {
  return { protocol: 'TCP', port }
}

function byNumber(a: number, b: number): number {
  return a - b
}
