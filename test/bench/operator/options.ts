import { parseArgs } from 'node:util'
import { operatorConfigSchema } from '../../../operator/config.ts'

export interface BenchOptions {
  readonly tenants: number
  /** How long nothing may be written after everything is ready. */
  readonly quietSeconds: number
  readonly workers: number
  /** Where the result goes as JSON; else it is printed. */
  readonly json: string | null
  /** Folder for a CPU profile of the operator. */
  readonly profile: string | null
  /** Prints the statements that come most often. */
  readonly statements: boolean
}

export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      tenants: { type: 'string', default: '1000' },
      'quiet-seconds': { type: 'string', default: '300' },
      workers: { type: 'string' },
      json: { type: 'string' },
      'cpu-prof': { type: 'string' },
      statements: { type: 'boolean', default: false },
    },
  })
  return {
    tenants: wholeNumber('tenants', values.tenants),
    quietSeconds: wholeNumber('quiet-seconds', values['quiet-seconds']),
    workers: wholeNumber('workers', values.workers ?? String(operatorConfigSchema.shape.WORKERS.parse(undefined))),
    json: values.json ?? null,
    profile: values['cpu-prof'] ?? null,
    statements: values.statements,
  }
}

function wholeNumber(name: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new RangeError(`--${name} must be a whole number above 0 (got ${text})`)
  return Number(text)
}
