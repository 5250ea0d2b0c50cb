import type { Knex } from 'knex'

export interface ListedTable {
  readonly name: string
  /** Without generated ones, which cannot be written. */
  readonly columns: readonly string[]
}

/** knex's own: whoever makes the schema anew makes them too. */
const bookkeeping: readonly string[] = ['migrations', 'migrations_lock']

/** The product's tables of a schema, each after those that it refers to. From the catalogue, which every role may read. */
export async function listTables(sql: Knex, schema: string): Promise<ListedTable[]> {
  const { rows } = await sql.raw<{ rows: { name: string; columns: string[]; needs: string[] }[] }>(
    `SELECT c.relname AS name,
            ARRAY(SELECT attname::text FROM pg_attribute
                   WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
                   ORDER BY attnum) AS columns,
            ARRAY(SELECT t.relname::text FROM pg_constraint f JOIN pg_class t ON t.oid = f.confrelid
                   WHERE f.conrelid = c.oid AND f.contype = 'f' AND t.oid <> c.oid) AS needs
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ? AND c.relkind = 'r'
      ORDER BY 1`,
    [schema],
  )
  return inOrder(rows.filter(({ name }) => !bookkeeping.includes(name)))
}

/** @throws Error when tables refer to each other in a circle */
export function inOrder<Table extends { readonly name: string; readonly needs: readonly string[] }>(
  tables: readonly Table[],
): Table[] {
  const ordered: Table[] = []
  let left = [...tables]
  while (left.length > 0) {
    const waiting = new Set(left.map(({ name }) => name))
    const next = left.filter(({ needs }) => !needs.some(name => waiting.has(name)))
    if (next.length === 0) throw new Error(`tables refer to each other in a circle: ${[...waiting].join(', ')}`)
    ordered.push(...next)
    left = left.filter(table => !next.includes(table))
  }
  return ordered
}
