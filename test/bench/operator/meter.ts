import { type Metrics, type OperatorProcess } from './operator-process.ts'
import { cpuSeconds } from './process-times.ts'
import { type BenchWorld } from './world.ts'

interface Reading {
  readonly metrics: Metrics | null
  readonly cpu: Record<string, number>
  readonly roundTrips: number
  readonly statements: number
  readonly qdrantRequests: number
  readonly qdrantSeconds: number
}

/** Counts what phases cost. */
export class Meter {
  readonly perTenant: Record<string, Record<string, number>> = {}
  readonly cpuSeconds: Record<string, Record<string, number>> = {}
  readonly #bench: BenchWorld
  readonly #workers: number
  #phase = ''
  #start: Reading | null = null

  constructor(bench: BenchWorld, workers: number) {
    this.#bench = bench
    this.#workers = workers
  }

  /** @param fresh the process has just started: everything that it has done belongs to the phase */
  async begin(phase: string, operator: OperatorProcess, fresh = false): Promise<void> {
    this.#phase = phase
    this.#start = await this.#read(fresh ? null : operator)
    this.#bench.tap.texts.clear()
    this.#bench.tap.counting = true
  }

  /** @returns for how many seconds a worker waited for Qdrant, as if all were busy all the time */
  async end(operator: OperatorProcess): Promise<{ waitedForQdrant: number }> {
    const start = this.#start
    if (!start) throw new Error('no phase has begun')
    const now = await this.#read(operator)
    const grown = (name: string, labels: readonly string[]) => difference(now.metrics?.by(name, labels) ?? {}, start.metrics?.by(name, labels) ?? {}) // prettier-ignore
    const reconciles = grown('selfrag_operator_reconciles_total', ['controller'])
    const runs = reconciles['tenant'] ?? 0
    const each = (count: number) => (runs === 0 ? 0 : count / runs)
    const requests = grown('selfrag_operator_kubernetes_requests_total', ['verb', 'resource'])
    this.perTenant[this.#phase] = {
      'reconciles in all': runs,
      'reconciles of the pipeline in all': reconciles['pipeline'] ?? 0,
      'Postgres round trips': each(now.roundTrips - start.roundTrips),
      'Postgres statements': each(now.statements - start.statements),
      'Qdrant requests': each(now.qdrantRequests - start.qdrantRequests),
      'requests to the API server': each(Object.values(requests).reduce((sum, count) => sum + count, 0)),
      ...Object.fromEntries(Object.entries(requests).sort().map(([name, count]) => [`  ${name}`, each(count)])), // prettier-ignore
    }
    this.cpuSeconds[this.#phase] = difference(now.cpu, start.cpu)
    return { waitedForQdrant: (now.qdrantSeconds - start.qdrantSeconds) / this.#workers }
  }

  /** Of the last phase. */
  printStatements(): void {
    const texts = [...this.#bench.tap.texts].sort(([, a], [, b]) => b - a).slice(0, 40)
    for (const [sql, count] of texts) console.log(String(count).padStart(7), sql.replace(/\s+/g, ' ').slice(0, 160))
  }

  async #read(operator: OperatorProcess | null): Promise<Reading> {
    const { tap, world } = this.#bench
    return {
      metrics: operator ? await operator.metrics() : null,
      cpu: cpuSeconds(),
      roundTrips: tap.roundTrips,
      statements: tap.statements,
      qdrantRequests: world.qdrant.requests,
      qdrantSeconds: world.qdrant.seconds,
    }
  }
}

function difference(now: Record<string, number>, before: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(now).map(([name, value]) => [name, value - (before[name] ?? 0)]))
}
