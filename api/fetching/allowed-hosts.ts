import ipaddr from 'ipaddr.js'

type Network = ReturnType<typeof ipaddr.parseCIDR>

/**
 * Hosts that documents may be fetched from although their addresses are not public: `wiki.corp.example`,
 * `*.corp.example` (every name below), `10.1.2.3` and `10.0.0.0/8`. Pure.
 */
export class AllowedHosts {
  readonly #names: ReadonlySet<string>
  readonly #suffixes: readonly string[]
  readonly #networks: readonly Network[]

  constructor(entries: readonly string[]) {
    const names = entries.map(entry => entry.toLowerCase()).filter(entry => networkOf(entry) === null)
    this.#names = new Set(names.filter(name => !name.startsWith('*.')))
    this.#suffixes = names.filter(name => name.startsWith('*.')).map(name => name.slice(1))
    this.#networks = entries.map(networkOf).filter(network => network !== null)
  }

  /** @param name in lower case, as a URL gives it */
  hasName(name: string): boolean {
    return this.#names.has(name) || this.#suffixes.some(suffix => name.endsWith(suffix))
  }

  hasAddress(address: string): boolean {
    if (!ipaddr.isValid(address)) return false
    const parsed = ipaddr.process(address)
    return this.#networks.some(network => network[0].kind() === parsed.kind() && parsed.match(network))
  }
}

/** Null for a name. */
function networkOf(entry: string): Network | null {
  if (ipaddr.isValidCIDR(entry)) return ipaddr.parseCIDR(entry)
  // `isValid` takes `1` for 0.0.0.1, which may be a name here.
  if (!ipaddr.IPv4.isValidFourPartDecimal(entry) && !ipaddr.IPv6.isValid(entry)) return null
  const address = ipaddr.parse(entry)
  return [address, address.kind() === 'ipv4' ? 32 : 128]
}
