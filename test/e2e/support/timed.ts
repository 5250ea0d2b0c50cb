/** Runs `work` and prints how long it took: the slow steps of a run should be seen in its log. */
export async function timed<T>(name: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now()
  try {
    return await work()
  } finally {
    console.log(`    ${name}: ${((performance.now() - started) / 1000).toFixed(1)} s`)
  }
}
