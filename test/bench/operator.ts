import { writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { eventually } from '../support/eventually.ts'
import { mochaGlobalTeardown } from '../support/teardown.ts'
import { failRun } from './fail-run.ts'
import { buildProduct } from './build-product.ts'
import { type Figure, isKept } from './figure.ts'
import { type OperatorProcess } from './operator/operator-process.ts'
import { readOptions } from './operator/options.ts'
import { Meter } from './operator/meter.ts'
import { memoryOf } from './operator/process-times.ts'
import { type Result, table } from './operator/report.ts'
import { BenchWorld } from './operator/world.ts'

/**
 * How fast and how large the operator is with many tenants: it runs as its image runs it, against a real kube-apiserver,
 * Postgres and the Qdrant of the tests. `npm run bench:operator -- --tenants 100 --quiet-seconds 20` for a short run.
 *
 * A Qdrant that is a stand-in is slower than a real one: the time that workers waited for it is subtracted, and both
 * figures are told. Ends with 1 when a bound is broken.
 */
const options = readOptions(process.argv.slice(2))
const figures: Figure[] = []
const figure = (what: string, value: number, unit: string, below: number | null = null) =>
  figures.push({ what, value, unit, below })

await buildProduct()
const bench = await BenchWorld.make(options)
const meter = new Meter(bench, options.workers)
let operator: OperatorProcess | undefined
try {
  operator = await bench.startOperator()
  await bench.makePipeline()
  await converge(operator)
  await staysQuiet(operator)
  await reconcilesOne(operator)
  figure('memory, at most', memoryOf(operator.pid).peak, 'MB', 200)
  await tellMemory(operator)
  await operator.stop()
  operator = await restarts()
  figure('memory after the restart, at most', memoryOf(operator.pid).peak, 'MB', 200)
  await tellMemory(operator)
  if (options.statements) meter.printStatements()
} finally {
  await operator?.stop()
  await bench.dispose()
  await mochaGlobalTeardown()
}
await tell()

async function converge(running: OperatorProcess): Promise<void> {
  await meter.begin('create', running)
  const start = performance.now()
  const applied = bench.applyTenants()
  await eventually(
    () => {
      if (bench.ready < options.tenants) throw new Error(`${bench.ready} of ${options.tenants} tenants are ready`)
    },
    600_000,
    100,
  )
  await applied
  const seconds = (performance.now() - start) / 1000
  const { waitedForQdrant } = await meter.end(running)
  figure('all ready after, with the Qdrant stand-in', seconds, 's')
  figure('all ready after', seconds - waitedForQdrant, 's', 120)
}

/** Events and the pipeline's count of its tenants may still be on their way; then nothing. */
async function staysQuiet(running: OperatorProcess): Promise<void> {
  const start = performance.now()
  let last = JSON.stringify(await bench.writes())
  for (let still = 0; still < 3;) {
    await delay(1000)
    const now = JSON.stringify(await bench.writes())
    still = now === last ? still + 1 : 0
    last = now
  }
  figure('still after', (performance.now() - start) / 1000 - 3, 's')
  const before = await bench.writes()
  await meter.begin('quiet', running)
  await delay(options.quietSeconds * 1000)
  await meter.end(running)
  tellWrites(`in ${options.quietSeconds} quiet seconds`, before, await bench.writes())
}

function tellWrites(when: string, before: Awaited<ReturnType<BenchWorld['writes']>>, after: typeof before): void {
  for (const where of ['kubernetes', 'postgres', 'qdrant'] as const)
    figure(`writes to ${where} ${when}`, after[where] - before[where], '', 1)
}

async function reconcilesOne(running: OperatorProcess): Promise<void> {
  const times: number[] = []
  await meter.begin('change', running)
  for (let round = 0; round < 20; round++)
    times.push(await bench.changeTenant(`tenant-${(round * 7) % options.tenants}`, `Changed ${round}`))
  await meter.end(running)
  times.sort((a, b) => a - b)
  figure('a changed tenant is reconciled after, median of 20', times[10] ?? NaN, 's')
  figure('a changed tenant is reconciled after, at most of 20', times.at(-1) ?? NaN, 's', 1)
}

async function restarts(): Promise<OperatorProcess> {
  const before = await bench.writes()
  const start = performance.now()
  const running = await bench.startOperator()
  await meter.begin('restart', running, true)
  await eventually(
    async () => {
      const metrics = await running.metrics()
      const done = metrics.sum('selfrag_operator_reconciles_total', { controller: 'tenant' })
      if (done < options.tenants) throw new Error(`${done} of ${options.tenants} tenants were looked at`)
    },
    300_000,
    // Metrics of a thousand tenants are ten thousand lines: asked for ten times a second they would be much of the work.
    1000,
  )
  const seconds = (performance.now() - start) / 1000
  const { waitedForQdrant } = await meter.end(running)
  figure('a restart is through after, with the Qdrant stand-in', seconds, 's')
  figure('a restart is through after', seconds - waitedForQdrant, 's', 20)
  tellWrites('by a restart', before, await bench.writes())
  return running
}

async function tellMemory(running: OperatorProcess): Promise<void> {
  const metrics = await running.metrics()
  for (const [what, name] of [
    ['resident', 'process_resident_memory_bytes'],
    ['heap', 'nodejs_heap_size_total_bytes'],
    ['heap in use', 'nodejs_heap_size_used_bytes'],
    ['outside of the heap', 'nodejs_external_memory_bytes'],
  ] as const)
    figure(`  ${what}`, metrics.sum(name) / 2 ** 20, 'MB')
}

async function tell(): Promise<void> {
  const { tenants, quietSeconds, workers } = options
  const [loadAverage = NaN] = loadavg()
  const { perTenant, cpuSeconds } = meter
  const result: Result = { tenants, quietSeconds, workers, figures, perTenant, cpuSeconds, loadAverage }
  console.log(table(result))
  const json = JSON.stringify(result)
  if (options.json) await writeFile(options.json, `${json}\n`)
  else console.log(`\n${json}`)
  if (!figures.every(isKept)) failRun()
}
