import type { Knex } from 'knex'
import { databaseFault } from './database-errors.ts'
import type { SchemaStructure, StructureDifference } from './schema-structure.ts'

/** Long tables take long; nothing else waits for it but reads and writes of that table. */
const TIMEOUT = '10min'

/**
 * Makes indexes and constraints anew as `structure` has them, in the schema that is first in the search path. Keys before
 * what refers to them.
 * @throws Error that says which rows are in the way of a constraint
 */
export async function mendStructure(
  sql: Knex.Transaction,
  structure: SchemaStructure,
  missing: readonly StructureDifference[],
): Promise<void> {
  await sql.raw(`SET LOCAL statement_timeout = '${TIMEOUT}'`)
  for (const difference of [...missing].sort((a, b) => rank(structure, a) - rank(structure, b)))
    await mend(sql, structure, difference)
}

function rank(structure: SchemaStructure, { table, name }: StructureDifference): number {
  return /^FOREIGN KEY/.test(structure[table]?.constraints[name] ?? '') ? 1 : 0
}

async function mend(
  sql: Knex.Transaction,
  structure: SchemaStructure,
  { kind, table, name, found }: StructureDifference,
): Promise<void> {
  const definition = structure[table]?.[kind === 'index' ? 'indexes' : 'constraints'][name]
  if (definition === undefined) throw new Error(`${kind} ${name} of table ${table} is none that migrations make`)
  try {
    if (kind === 'index' && found !== 'missing') await sql.raw('DROP INDEX ??', [name])
    if (kind === 'index') await sql.raw(definition)
    else await sql.raw(`ALTER TABLE ?? ADD CONSTRAINT ?? ${definition.replaceAll('?', '\\?')}`, [table, name])
  } catch (error) {
    if (databaseFault(error) !== null && !/23\d{3}/.test(codeOf(error))) throw error
    throw new Error(`${kind} ${name} of table ${table} cannot be made anew: ${(error as Error).message}; correct the rows that are in its way`, { cause: error }) // prettier-ignore
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
