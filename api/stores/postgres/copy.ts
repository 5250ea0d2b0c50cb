import type { Knex } from 'knex'
import type { Client } from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** A table as COPY has it; `where` is SQL of ours, never of a user. */
export interface CopiedTable {
  readonly schema: string
  readonly table: string
  readonly columns: readonly string[]
  readonly where?: string
}

/** The rows in COPY's text format. Once it has ended `rows()` says how many. */
export interface CopyOut {
  readonly text: Readable
  rows(): number
}

/** Rows as this transaction sees them. Nothing else may use the transaction until the text has been read. */
export async function copyOut(sql: Knex.Transaction, from: CopiedTable): Promise<CopyOut> {
  const columns = from.columns.map(quote).join(', ')
  const source = `${quote(from.schema)}.${quote(from.table)}`
  const what = from.where ? `(SELECT ${columns} FROM ${source} WHERE ${from.where})` : `${source} (${columns})`
  const text = (await connectionOf(sql)).query(copyTo(`COPY ${what} TO STDOUT`))
  return { text, rows: () => text.rowCount }
}

/** Adds rows that {@link copyOut} gave; gives how many. */
export async function copyIn(sql: Knex.Transaction, to: CopiedTable, ...text: readonly NodeJS.ReadableStream[]): Promise<number> {
  const columns = to.columns.map(quote).join(', ')
  const target = (await connectionOf(sql)).query(copyFrom(`COPY ${quote(to.schema)}.${quote(to.table)} (${columns}) FROM STDIN`))
  await pipeline([...text, target] as never)
  return target.rowCount
} // prettier-ignore

/** Of the transaction: every query of it goes over this one connection. */
async function connectionOf(sql: Knex.Transaction): Promise<Client> {
  return (await (sql.client as { acquireConnection(): Promise<Client> }).acquireConnection())
} // prettier-ignore

function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`
}
