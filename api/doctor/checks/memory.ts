import { type Check, failed, ok, type Patient, warning } from '../check.ts'

const MEBI = 2 ** 20
const NEEDED = { heap: 256 * MEBI, api: 256 * MEBI, model: 512 * MEBI }

/** Enough memory for what this configuration runs in one process, and nobody was ended for want of it. */
export const memoryCheck: Check = {
  name: 'memory',
  async examine(patient) {
    const { limit, used, killed, heapLimit } = await patient.host.memory()
    const needed = neededBy(patient)
    const told = `${mebibytes(limit)}${used === null ? '' : `, ${mebibytes(used)} in use`}, heap up to ${mebibytes(heapLimit)}` // prettier-ignore
    if (killed > 0) return failed(told, `the kernel has ended ${killed} processes of this container for want of memory (OOMKilled)`, remedy) // prettier-ignore
    if (limit < needed) return failed(told, `API or worker need about ${mebibytes(needed)} with this configuration`, remedy) // prettier-ignore
    if (heapLimit <= NEEDED.heap) return failed(told, 'JavaScript may use so little that it ends with "heap out of memory" (exit code 134)', 'remove --max-old-space-size from NODE_OPTIONS, or raise it') // prettier-ignore
    if (used !== null && used > 0.9 * limit) return warning(told, 'little is left', remedy)
    return ok(told)
  },
}

const remedy = 'raise the limit (API_MEMORY, spec.api.resources), run fewer jobs at once (WORKER_CONCURRENCY), keep fewer connections (DB_POOL_SIZE), or move the model out (EMBEDDING_PROVIDER)' // prettier-ignore

function neededBy({ configuration }: Patient): number {
  return NEEDED.api + (configuration.EMBEDDING_PROVIDER === 'local' ? NEEDED.model : 0)
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / MEBI)} MiB`
}
