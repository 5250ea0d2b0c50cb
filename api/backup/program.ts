import { writeFileSync } from 'node:fs'
import { type BackupConfiguration, parseBackupConfiguration } from '../contract/backup.ts'
import { type Configuration, parseConfiguration } from '../contract/configuration.ts'
import { isUnavailable, serverMessage } from '../stores/postgres/database-errors.ts'
import { NewerSchema } from '../stores/postgres/migrator.ts'
import { VectorStoreUnavailable } from '../stores/vectors/vector-store.ts'
import { BackupDamaged } from './file-writer.ts'
import { RestoreRefused } from './restore-rows.ts'

/** What somebody has to write otherwise. */
export class Usage extends Error {
  override readonly name = 'Usage'
}

/** @throws Usage with one line a fault */
export function readSettings(env: Readonly<Record<string, string | undefined>>): {
  readonly configuration: Configuration
  readonly backup: BackupConfiguration
} {
  const api = parseConfiguration(env)
  const backup = parseBackupConfiguration(env)
  const faults = [...(api.ok ? [] : api.faults), ...(backup.ok ? [] : backup.faults)]
  if (!api.ok || !backup.ok) throw new Usage(faults.join('\n'))
  return { configuration: api.configuration, backup: backup.configuration }
}

/** Faults that their message says all about. */
const expected = [Usage, RestoreRefused, BackupDamaged, NewerSchema, VectorStoreUnavailable] as const

/** Ends the program with 1 and one message, on stderr and where Kubernetes looks for it. */
export function tellFailure(error: unknown): void {
  const told = expected.some(kind => error instanceof kind) || isUnavailable(error)
  const message = serverMessage(error)
  process.stderr.write(`${told || !(error instanceof Error) ? message : (error.stack ?? message)}\n`)
  const file = terminationLog(process.argv)
  if (file) writeFileSync(file, message)
  process.exitCode = 1
}

function terminationLog(args: readonly string[]): string | undefined {
  const index = args.indexOf('--termination-log')
  return index < 0 ? undefined : args[index + 1]
}
