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
  setTimeout(failAlive, 30_000).unref()
}

/** Something that was started was not stopped: in the product this is a process that ignores SIGTERM. */
function failAlive(): void {
  console.error(`the tests are over, but this keeps the process alive: ${process.getActiveResourcesInfo().join(', ')}`)
  process.exit(1)
}
