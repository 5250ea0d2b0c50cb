import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bareEnvironment } from '../../support/bare-environment.ts'
import { eventually } from '../../support/eventually.ts'
import { built } from '../build-product.ts'
import { nodeOfImage } from '../image.ts'

/** The operator as its image runs it: built JavaScript, a process of its own. */
export interface OperatorProcess {
  readonly pid: number
  metrics(): Promise<Metrics>
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>
}

/** @param env besides what a process needs; METRICS_BIND must be in it */
export async function startOperator(
  env: Readonly<Record<string, string>>,
  logFile: string,
  profile: string | null,
): Promise<OperatorProcess> {
  const log = openSync(logFile, 'a')
  const image = nodeOfImage('Dockerfile.operator')
  const flags = [...image.flags, ...(profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [])]
  const child = spawn(process.execPath, [...flags, join(built, 'operator/main.js')], {
    env: { ...bareEnvironment, ...image.environment, ...env },
    stdio: ['ignore', log, log],
  })
  process.once('exit', () => child.kill('SIGKILL'))
  const ended = once(child, 'exit')
  const url = `http://${env['METRICS_BIND']}`
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`the operator ended:\n${await readFile(logFile, 'utf8')}`)
    const response = await fetch(`${url}/healthz`)
    await response.text()
  }, 30_000)
  return {
    pid: child.pid ?? -1,
    metrics: async () => new Metrics(await (await fetch(`${url}/metrics`)).text()),
    stop: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** What /metrics told at one moment. */
export class Metrics {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** Sum over the series of a metric whose labels have all of these values. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.#series(name)
      .filter(series => Object.entries(labels).every(([label, value]) => series.labels[label] === value))
      .reduce((sum, { value }) => sum + value, 0)
  }

  /** Sums by the values of some labels, joined by a space. */
  by(name: string, labels: readonly string[]): Record<string, number> {
    const sums: Record<string, number> = {}
    for (const series of this.#series(name)) {
      const key = labels.map(label => series.labels[label]).join(' ')
      sums[key] = (sums[key] ?? 0) + series.value
    }
    return sums
  }

  #series(name: string): { labels: Record<string, string>; value: number }[] {
    const lines = this.#text.split('\n').filter(line => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    return lines.map(line => ({
      labels: Object.fromEntries([...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, value]) => [label, value])),
      value: Number(line.slice(line.lastIndexOf(' ') + 1)),
    }))
  }
}
