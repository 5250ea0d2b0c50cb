/** Pieces of at most `size` items, in order. */
export function slices<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size)) // prettier-ignore
}

/** Pieces of at most `items` items that weigh at most `weight` together, in order; an item that weighs more is alone. */
export function packs<T>(
  all: readonly T[],
  { items, weight }: { readonly items: number; readonly weight: number },
  weigh: (item: T) => number,
): T[][] {
  const packed: T[][] = []
  let room = 0
  for (const item of all) {
    const last = packed.at(-1)
    const own = weigh(item)
    if (last && last.length < items && own <= room) last.push(item)
    else packed.push([item])
    room = (packed.at(-1) === last ? room : weight) - own
  }
  return packed
}
