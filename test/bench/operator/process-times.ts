import { readdirSync, readFileSync } from 'node:fs'

/** CPU time is in these, on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

interface Process {
  readonly pid: number
  readonly parent: number
  readonly name: string
  readonly seconds: number
}

/**
 * CPU seconds of the processes that this one has started, by program. They do not depend on who else uses the machine, as
 * the time on a clock does. Processes that have ended count for their parents.
 */
export function cpuSeconds(): Record<string, number> {
  const processes = readdirSync('/proc').filter(name => /^\d+$/.test(name)).map(readProcess).filter(found => found !== null) // prettier-ignore
  const sums: Record<string, number> = { bench: ownSeconds() }
  const add = (parent: number) => {
    for (const child of processes.filter(candidate => candidate.parent === parent)) {
      sums[child.name] = (sums[child.name] ?? 0) + child.seconds
      add(child.pid)
    }
  }
  add(process.pid)
  return sums
}

function ownSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

function readProcess(pid: string): Process | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name may hold spaces and parentheses; the fields after it are numbers.
    const [name = '', fields = ''] = [text.slice(text.indexOf('(') + 1, text.lastIndexOf(')')), text.slice(text.lastIndexOf(')') + 2)] // prettier-ignore
    const values = fields.split(' ').map(Number)
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + (values[index] ?? 0), 0)
    return { pid: Number(pid), parent: values[1] ?? 0, name, seconds: ticks / TICKS_PER_SECOND }
  } catch {
    return null // It ended meanwhile.
  }
}

/** CPU seconds of one process so far. */
export function cpuSecondsOf(pid: number): number {
  return readProcess(String(pid))?.seconds ?? NaN
}

/** Megabytes that a process has in memory now, and had at most since it started. */
export function memoryOf(pid: number): { now: number; peak: number } {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  const megabytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? NaN) / 1024
  return { now: megabytes('VmRSS'), peak: megabytes('VmHWM') }
}
