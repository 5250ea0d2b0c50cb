import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'

/** A server that a test started: it ends with the test run, whatever happens, and its log tells why it did not start. */
export interface ServerProcess {
  readonly pid: number
  readonly running: () => boolean
  /** The last lines that it wrote. */
  readonly log: () => string
  /** Resolves when the process is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** A run that dies without its teardown must not leave servers behind. */
const servers = new Set<ChildProcess>()
process.once('exit', () => servers.forEach(child => child.kill('SIGKILL')))

/** Starts a server whose output goes to a file. @param as other than ours: its environment, its user */
export function startServer(
  program: string,
  args: readonly string[],
  logFile: string,
  as: Pick<SpawnOptions, 'env' | 'uid' | 'gid'> = {},
): ServerProcess {
  const output = openSync(logFile, 'a')
  const child = spawn(program, args, { ...as, stdio: ['ignore', output, output] })
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()))
  child.on('error', () => undefined) // told by running() and log()
  servers.add(child)
  void ended.then(() => servers.delete(child))
  return {
    pid: child.pid ?? -1,
    running: () => isRunning(child),
    log: () => readFileSync(logFile, 'utf8').split('\n').slice(-25).join('\n'),
    stop: async (signal = 'SIGTERM') => {
      if (isRunning(child)) child.kill(signal)
      await ended
    },
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null
}
