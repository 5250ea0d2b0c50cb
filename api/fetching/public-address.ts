import ipaddr from 'ipaddr.js'

/** What the internet routes; everything in IPv6 that stands for an IPv4 address lies outside of it, or has a range of its own. */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3')

/** Answers with credentials inside a cloud, although its address counts as public: Azure's wire server. */
const METADATA = new Set(['168.63.129.16'])

/**
 * Whether an IP address belongs to the internet: not private, loopback, link-local (where clouds have their metadata),
 * carrier-grade NAT, multicast, reserved, or one of IPv6's ways to say such an IPv4 address. Pure.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.process(address)
  if (parsed.range() !== 'unicast') return false
  return parsed.kind() === 'ipv6' ? parsed.match(GLOBAL_UNICAST) : !METADATA.has(parsed.toString())
}
