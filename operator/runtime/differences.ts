/** One place where an object is not as it was applied. */
export interface Difference {
  /** `spec.template.spec.containers[api].image` */
  readonly path: string
  readonly wanted: unknown
  /** Undefined: it is not there. */
  readonly found: unknown
}

/** Lists that the API server merges by a key, and so may hold elements of others: name of the list → its elements' key. */
const mergeKeys: Readonly<Record<string, string>> = {
  containers: 'name',
  initContainers: 'name',
  volumes: 'name',
  env: 'name',
  imagePullSecrets: 'name',
  secrets: 'name',
  volumeMounts: 'mountPath',
  ownerReferences: 'uid',
  topologySpreadConstraints: 'topologyKey',
}

/**
 * Where `live` lacks something of `wanted`. What `live` has beyond it (defaults, fields of other managers) is no
 * difference. Both are plain JSON; the result is in the order of `wanted`.
 */
export function differences(wanted: unknown, live: unknown, path = ''): Difference[] {
  if (wanted === undefined || same(wanted, live, path)) return []
  if (Array.isArray(wanted) && Array.isArray(live)) return listDifferences(wanted, live, path)
  if (isRecord(wanted) && isRecord(live)) {
    return Object.entries(wanted).flatMap(([key, value]) =>
      differences(value, live[key], path === '' ? key : `${path}.${key}`),
    )
  }
  return [{ path, wanted, found: live }]
}

function listDifferences(wanted: readonly unknown[], live: readonly unknown[], path: string): Difference[] {
  const key = mergeKeyOf(path, wanted)
  if (key !== undefined) {
    return wanted.flatMap(item => {
      const identity = String((item as Record<string, unknown>)[key])
      const partner = live.find(other => isRecord(other) && String(other[key]) === identity)
      return differences(item, partner, `${path}[${identity}]`)
    })
  }
  if (wanted.length !== live.length) return [{ path, wanted, found: live }]
  return wanted.flatMap((item, index) => differences(item, live[index], `${path}[${index}]`))
}

function mergeKeyOf(path: string, items: readonly unknown[]): string | undefined {
  const name = path.slice(path.lastIndexOf('.') + 1)
  const key = name === 'ports' ? (['containerPort', 'port'].find(candidate => hasKey(items, candidate))) : mergeKeys[name] // prettier-ignore
  return key !== undefined && hasKey(items, key) ? key : undefined
}

/** A NetworkPolicy names port 53 twice, for two protocols: such a list is compared as a whole. */
function hasKey(items: readonly unknown[], key: string): boolean {
  const values = items.map(item => (isRecord(item) ? item[key] : undefined))
  return values.every(value => value !== undefined) && new Set(values).size === values.length
}

function same(wanted: unknown, live: unknown, path: string): boolean {
  if (wanted === live) return true
  // The API server leaves out what is empty.
  if (live === undefined || live === null) return isEmpty(wanted)
  if (/(^|\.)(requests|limits)\./.test(path)) return sameQuantity(wanted, live)
  return false
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === false || value === '' || value === 0) return true
  if (Array.isArray(value)) return value.length === 0
  return isRecord(value) && Object.values(value).every(isEmpty)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const units: Readonly<Record<string, number>> = {
  n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60,
} // prettier-ignore

/** `1000m` comes back as `1`, `0.5` as `500m`. */
function sameQuantity(a: unknown, b: unknown): boolean {
  const [left, right] = [quantity(a), quantity(b)]
  return left !== null && right !== null && Math.abs(left - right) <= 1e-9 * Math.max(Math.abs(left), Math.abs(right))
}

function quantity(value: unknown): number | null {
  const match = /^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([numkMGTPE]|[KMGTPE]i)?$/.exec(String(value))
  const unit = units[match?.[2] ?? '']
  return match && unit !== undefined ? Number(match[1]) * unit : null
}
