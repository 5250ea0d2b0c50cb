import { setImmediate as breathe } from 'node:timers/promises'

/** A cluster is summarised in one call, so it is small; and a part of a cut keeps at least this share of it. */
const LEAST_SHARE = 0.2
const ROUNDS = 8

/**
 * Groups vectors of unit length by direction, each into one group of at most `most` and, where there are so many, at least
 * two: by cutting in two again and again, each time between two centres that 2-means finds (spherical, begun at two vectors
 * that lie far apart). The same vectors give the same groups. Gives positions, ascending, of all of them.
 *
 * Time grows with n × log n: 10,000 × 384 take about a second, so it pauses between cuts.
 */
export async function clusters(vectors: readonly Float32Array[], most: number): Promise<number[][]> {
  const done: number[][] = []
  const open = [vectors.map((_, position) => position)]
  for (let group = open.pop(); group; group = open.pop()) {
    if (group.length <= most) {
      if (group.length > 0) done.push(group.toSorted((a, b) => a - b))
      continue
    }
    open.push(...halves(vectors, group))
    await breathe()
  }
  return done.sort((a, b) => a[0]! - b[0]!)
}

function halves(vectors: readonly Float32Array[], group: readonly number[]): [number[], number[]] {
  let [left, right] = farApart(vectors, group)
  let cut: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    const next = between(vectors, group, left, right)
    const settled = cut[0].length === next[0].length && cut[0].every((position, at) => position === next[0][at])
    cut = next
    if (settled) break
    left = centre(vectors, cut[0])
    right = centre(vectors, cut[1])
  }
  return cut
}

/** Nearer to one or the other; the ones in doubt go where there are too few. */
function between(
  vectors: readonly Float32Array[],
  group: readonly number[],
  left: Float32Array,
  right: Float32Array,
): [number[], number[]] {
  const leaning = group
    .map(position => ({ position, lean: dot(vectors[position]!, left) - dot(vectors[position]!, right) }))
    .sort((a, b) => b.lean - a.lean || a.position - b.position)
  const wanted = leaning.filter(({ lean }) => lean > 0).length
  const least = Math.max(2, Math.ceil(group.length * LEAST_SHARE))
  const at = Math.min(Math.max(wanted, least), group.length - least)
  const positions = leaning.map(({ position }) => position)
  return [positions.slice(0, at), positions.slice(at)]
}

/** The vector farthest from the group's centre, and the one farthest from that. */
function farApart(vectors: readonly Float32Array[], group: readonly number[]): [Float32Array, Float32Array] {
  const first = farthest(vectors, group, centre(vectors, group))
  return [first, farthest(vectors, group, first)]
}

function farthest(vectors: readonly Float32Array[], group: readonly number[], from: Float32Array): Float32Array {
  let best = vectors[group[0]!]!
  let least = Infinity
  for (const position of group) {
    const likeness = dot(vectors[position]!, from)
    if (likeness < least) [best, least] = [vectors[position]!, likeness]
  }
  return best
}

/** Mean direction; zeros when there is none. */
function centre(vectors: readonly Float32Array[], group: readonly number[]): Float32Array {
  const sum = new Float32Array(vectors[group[0]!]!.length)
  for (const position of group) {
    const vector = vectors[position]!
    for (let i = 0; i < sum.length; i++) sum[i]! += vector[i]!
  }
  const length = Math.sqrt(dot(sum, sum))
  return length > 0 ? sum.map(value => value / length) : sum
}

export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}
