/**
 * Servers that tests share (Postgres, Qdrant, kube-apiserver) start when the first test asks for one and stop here, after
 * the last test, newest first.
 */
const stops: (() => Promise<unknown>)[] = []

export function onTeardown(stop: () => Promise<unknown>): void {
  stops.push(stop)
}

export async function mochaGlobalTeardown(): Promise<void> {
  for (const stop of stops.reverse()) await stop()
}
