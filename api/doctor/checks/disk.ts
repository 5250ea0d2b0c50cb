import { homedir, tmpdir } from 'node:os'
import { type Check, ok, type Patient, warning } from '../check.ts'

const LEAST = 1 << 30
const LEAST_SHARE = 0.1

/** Room where this program writes. The disks of the stores are theirs: Postgres and Qdrant tell of them in their logs. */
export const diskCheck: Check = {
  name: 'disk',
  async examine(patient) {
    const seen: string[] = []
    for (const folder of folders(patient)) {
      const disk = await patient.host.disk(folder)
      if (!disk) continue
      const told = `${folder}: ${gigabytes(disk.free)} of ${gigabytes(disk.size)} free`
      if (disk.free < LEAST || disk.free < LEAST_SHARE * disk.size)
        return warning(told, 'uploads, models or backups may find no room', 'delete what is old (docker system prune, logs), or give it more') // prettier-ignore
      seen.push(told)
    }
    return ok(seen.join('; '))
  },
}

function folders({ configuration, folders: more }: Patient): Set<string> {
  return new Set([tmpdir(), homedir(), ...(configuration.MODELS_DIR ? [configuration.MODELS_DIR] : []), ...more])
}

function gigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`
}
