import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import { bareEnvironment } from './bare-environment.ts'
import { onTeardown } from './teardown.ts'

const ENTRY = join(import.meta.dirname, '../../api/worker.ts')

/** `api/worker.ts` as a process of its own that can be killed and started again, as often as one likes. */
export class WorkerProcess {
  readonly #environment: Readonly<Record<string, string>>
  readonly #log: string
  #child: ChildProcess | undefined

  private constructor(environment: Readonly<Record<string, string>>, log: string) {
    this.#environment = environment
    this.#log = log
  }

  /** @param environment all that the worker knows of the world */
  static async prepare(environment: Readonly<Record<string, string>>): Promise<WorkerProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'selfrag-worker-'))
    const worker = new WorkerProcess(environment, join(folder, 'log'))
    process.once('exit', () => worker.#child?.kill('SIGKILL'))
    onTeardown(() => worker.end('SIGKILL'))
    return worker
  }

  start(): void {
    if (this.running) throw new Error('the worker runs already')
    const output = openSync(this.#log, 'a')
    const env = { ...bareEnvironment, HOME: process.env['HOME'] ?? '', HOST: '127.0.0.1', PORT: '0', ...this.#environment } // prettier-ignore
    this.#child = spawn(process.execPath, [ENTRY], { env, stdio: ['ignore', output, output] })
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Resolves when it is gone; gives its exit code, null when a signal ended it. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child
    if (!child) return null
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit')
      child.kill(signal)
      await gone
    }
    return child.exitCode
  }

  /** All that it has written, in every life. */
  log(): string {
    return readFileSync(this.#log, 'utf8')
  }
}
