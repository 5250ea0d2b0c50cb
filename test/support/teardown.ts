import type { RootHookObject } from 'mocha'

type Stop = () => Promise<unknown>

/**
 * Servers that tests share (Postgres, Qdrant, kube-apiserver) start when the first test asks for one and stop here, after
 * the last test, newest first.
 */
const stops: Stop[] = []

/** What one file of tests has for itself; the file is known when the first of its tests is over. */
const owned: { readonly stop: Stop; file?: string | undefined }[] = []

export function onTeardown(stop: Stop): void {
  stops.push(stop)
}

/** Stops with the first test of another file: an API and its worker that nobody asks any more would go on polling. */
export function onEndOfFile(stop: Stop): void {
  owned.push({ stop })
}

export const mochaHooks: RootHookObject = {
  async beforeEach(this: Mocha.Context) {
    const file = this.currentTest?.file
    await stopOwned(one => one.file !== undefined && one.file !== file)
  },
  afterEach(this: Mocha.Context, done) {
    for (const one of owned) one.file ??= this.currentTest?.file
    done()
  },
}

export async function mochaGlobalTeardown(): Promise<void> {
  await stopOwned(() => true)
  for (const stop of stops.reverse()) await stop()
  setTimeout(failAlive, 30_000).unref()
}

async function stopOwned(isOver: (one: (typeof owned)[number]) => boolean): Promise<void> {
  const over = owned.filter(isOver).toReversed()
  for (const one of over) {
    owned.splice(owned.indexOf(one), 1)
    await one.stop()
  }
}

/** Something that was started was not stopped: in the product this is a process that ignores SIGTERM. */
function failAlive(): void {
  console.error(`the tests are over, but this keeps the process alive: ${process.getActiveResourcesInfo().join(', ')}`)
  process.exit(1)
}
