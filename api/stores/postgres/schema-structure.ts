import type { Knex } from 'knex'
import { relationsOf } from './relations-of-schema.ts'

/** What a schema is made of, as the server's catalogue spells it, without the schema's name. */
export type SchemaStructure = Readonly<Record<string, TableStructure>>

export interface TableStructure {
  /** Name → type. */
  readonly columns: Readonly<Record<string, string>>
  /** Primary keys, unique, foreign and check constraints: name → definition. */
  readonly constraints: Readonly<Record<string, string>>
  /** Those that no constraint made: name → `CREATE [UNIQUE] INDEX … USING …`. */
  readonly indexes: Readonly<Record<string, string>>
}

/** Where a schema is not as its migrations made it. What it has beyond that is no difference. */
export interface StructureDifference {
  readonly kind: 'table' | 'column' | 'constraint' | 'index'
  readonly table: string
  /** Of the column, constraint or index; of a table again its own. */
  readonly name: string
  readonly wanted: string
  readonly found: string
}

/** Reads the catalogue, which every role may. Empty when there is no such schema. */
export async function readStructure(sql: Knex, schema: string): Promise<SchemaStructure> {
  const { rows } = await sql.raw<{ rows: StructureRow[] }>(READ, [schema])
  const plain = (definition: string) => definition.replaceAll(`${schema}.`, '')
  return Object.fromEntries(
    rows.map(({ name, columns, constraints, indexes }) => [
      name,
      { columns, constraints: mapValues(constraints, plain), indexes: mapValues(indexes, plain) },
    ]),
  )
}

/** Pure. A check is compared by its name alone: servers of different versions spell the same one differently. */
export function compareStructure(wanted: SchemaStructure, found: SchemaStructure): StructureDifference[] {
  return Object.entries(wanted).flatMap(([table, structure]) => {
    const live = found[table]
    if (!live) return [{ kind: 'table', table, name: table, wanted: 'present', found: 'missing' }]
    return [
      ...compareParts('column', table, structure.columns, live.columns),
      ...compareParts('constraint', table, mapValues(structure.constraints, present), mapValues(live.constraints, present)), // prettier-ignore
      ...compareParts('index', table, structure.indexes, live.indexes),
    ] // prettier-ignore
  })
}

/** Whether data went with it, so that making it anew would hide a loss. */
export function isLost({ kind }: StructureDifference): boolean {
  return kind === 'table' || kind === 'column'
}

function compareParts(
  kind: StructureDifference['kind'],
  table: string,
  wanted: Readonly<Record<string, string>>,
  found: Readonly<Record<string, string>>,
): StructureDifference[] {
  const differing = Object.entries(wanted).filter(([name, definition]) => found[name] !== definition)
  return differing.map(([name, definition]) => ({ kind, table, name, wanted: definition, found: found[name] ?? 'missing' })) // prettier-ignore
}

function present(): string {
  return 'present'
}

function mapValues(record: Readonly<Record<string, string>>, change: (value: string) => string) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}

interface StructureRow {
  name: string
  columns: Record<string, string>
  constraints: Record<string, string>
  indexes: Record<string, string>
}

// Postgres 18 also lists NOT NULL as constraints (`n`), older ones do not. Constraints are looked for by their table, which
// is indexed; by their index, which is not, all constraints of all tenants would be read for each.
const READ = `
  SELECT c.relname AS name,
         (SELECT coalesce(json_object_agg(a.attname, format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum), '{}')
            FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
         (SELECT coalesce(json_object_agg(k.conname, pg_get_constraintdef(k.oid) ORDER BY k.conname), '{}')
            FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u', 'f', 'c')) AS constraints,
         (SELECT coalesce(json_object_agg(i.relname, pg_get_indexdef(i.oid) ORDER BY i.relname), '{}')
            FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
           WHERE x.indrelid = c.oid AND x.indisvalid
             AND NOT EXISTS (SELECT FROM pg_constraint k
                              WHERE k.conrelid = c.oid AND k.conindid = x.indexrelid AND k.contype IN ('p', 'u', 'x'))
         ) AS indexes
    FROM pg_namespace n, LATERAL ${relationsOf('n.oid')} c
   WHERE n.nspname = ? AND c.relkind IN ('r', 'p') AND c.relname NOT IN ('migrations', 'migrations_lock')
   ORDER BY 1`
