/** The header that browsers' and proxies' tools show; `total` is what the other stages are part of. Pure. */
export function serverTiming(timingsMs: Readonly<Record<string, number>>): string {
  const stages = Object.entries(timingsMs).filter(([name]) => /^[A-Za-z0-9_.-]+$/.test(name))
  return stages.map(([name, ms]) => `${name};dur=${Math.round(ms * 10) / 10}`).join(', ')
}
