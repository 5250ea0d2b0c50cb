/** Cuts a list into runs of at most `count` items and `bytes` bytes; an item larger than that is a run of its own. */
export function* batches<T>(items: Iterable<T>, limit: { count: number; bytes: number }, size: (item: T) => number) {
  let run: T[] = []
  let bytes = 0
  for (const item of items) {
    const itemBytes = size(item)
    if (run.length > 0 && (run.length === limit.count || bytes + itemBytes > limit.bytes)) {
      yield run
      run = []
      bytes = 0
    }
    run.push(item)
    bytes += itemBytes
  }
  if (run.length > 0) yield run
}
