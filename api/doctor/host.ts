import { readFile, statfs } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { getHeapStatistics } from 'node:v8'

export interface Memory {
  /** Bytes that this container, or the machine, has. */
  readonly limit: number
  /** Bytes in use; null where only the machine's total is known. */
  readonly used: number | null
  /** Processes of this container that the kernel ended for want of memory. */
  readonly killed: number
  /** Bytes that JavaScript may use in a process started as this one. */
  readonly heapLimit: number
}

/** The machine or container that the doctor runs in. */
export interface Host {
  /** Free and all bytes of the file system that holds a folder; null when there is no such folder. */
  disk(folder: string): Promise<{ readonly free: number; readonly size: number } | null>
  memory(): Promise<Memory>
}

/** @param cgroup where the kernel shows the control group of this container */
export function thisHost(cgroup = '/sys/fs/cgroup'): Host {
  return {
    async disk(folder) {
      try {
        const { bavail, blocks, bsize } = await statfs(folder)
        return { free: bavail * bsize, size: blocks * bsize }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
        throw error
      }
    },
    async memory() {
      const read = async (...files: string[]) => firstText(files.map(file => join(cgroup, file)))
      // Version 2 of control groups, then version 1.
      const limit = Number(await read('memory.max', 'memory/memory.limit_in_bytes'))
      const used = Number(await read('memory.current', 'memory/memory.usage_in_bytes'))
      const events = (await read('memory.events', 'memory/memory.oom_control')) ?? ''
      const limited = limit > 0 && limit < totalmem()
      return {
        limit: limited ? limit : totalmem(),
        used: limited && used > 0 ? used : null,
        killed: Number(/^oom_kill (\d+)$/m.exec(events)?.[1] ?? 0),
        heapLimit: getHeapStatistics().heap_size_limit,
      }
    },
  }
}

async function firstText(files: readonly string[]): Promise<string | undefined> {
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text !== undefined) return text.trim()
  }
  return undefined
}
