import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { parseConfiguration } from './contract/configuration.ts'
import { logOptions } from './contract/log-format.ts'
import { ownerSchema } from './contract/ownership.ts'
import { runMigration } from './run-migration.ts'

/**
 * Brings the schemas of a pipeline's database to this version, then ends: the operator runs it in a Job before pods of a
 * new image start. `--image` is recorded; `--owner` is the marker of a schema that is made (JSON, contract/ownership.ts);
 * `--adopt` takes one that bears another. With `--termination-log FILE` the reason of a failure goes there too.
 * Ends with 0, with 1 when trying again may help, with 2 when a person has to do something first.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      image: { type: 'string' },
      owner: { type: 'string' },
      adopt: { type: 'boolean', default: false },
      'termination-log': { type: 'string' },
    },
  })
  const parsed = parseConfiguration(process.env)
  const log = pino(logOptions('selfrag.migrate', parsed.ok ? parsed.configuration.LOG_LEVEL : 'info'))
  const outcome = parsed.ok
    ? await runMigration({
        configuration: parsed.configuration,
        image: values.image ?? null,
        owner: values.owner ? ownerSchema.parse(JSON.parse(values.owner)) : null,
        adopt: values.adopt,
        log,
      })
    : ({ code: 2, message: `this version refuses its configuration: ${parsed.faults.join('; ')}` } as const)
  if (outcome.code === 0) return
  log.error(outcome.message)
  if (values['termination-log']) await writeFile(values['termination-log'], outcome.message)
  process.exitCode = outcome.code
}

await main()
