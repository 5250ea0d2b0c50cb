import type { Knex } from 'knex'

/** How a column of an order is compared: also what a position in it may be. */
type ColumnType = 'time' | 'uuid' | 'text' | 'integer' | 'bigint'

/**
 * The order of a list: columns that together are different in every row, so that a place in the list can be said by values, and an index
 * that begins with what the list is filtered by and goes on with these columns.
 */
export interface Keyset {
  /** Names the list: a place in another one is none in this. */
  readonly list: string
  readonly columns: Readonly<Record<string, ColumnType>>
  readonly direction: 'asc' | 'desc'
}

/** Values of a row's columns, in their order, as text: where a list goes on after it, also when the row has gone. */
export type Position = readonly string[]

/** From so many rows on, or after a position. */
export type Slice = { readonly limit: number } & ({ readonly offset: number } | { readonly after: Position })

export interface FoundSlice<Row> {
  readonly items: Row[]
  readonly total: number
  /** Of the last item; null when nothing comes after it. */
  readonly end: Position | null
}

const POSITION = 'position in its list'

/** @param rows the whole list, without an order; called twice */
export async function readSlice<Row extends object>(
  sql: Knex,
  rows: () => Knex.QueryBuilder<Row, Row[]>,
  { columns, direction }: Keyset,
  slice: Slice,
): Promise<FoundSlice<Row>> {
  const names = Object.keys(columns)
  const wanted = rows() as Knex.QueryBuilder
  const texts = names.map(name => (columns[name] === 'time' ? `(extract(epoch FROM ??) * 1000000)::bigint::text` : '??::text')) // prettier-ignore
  wanted.select('*', sql.raw(`ARRAY[${texts.join()}] AS ??`, [...names, POSITION]))
  wanted.orderBy(names.map(column => ({ column, order: direction }))).limit(slice.limit + 1)
  if ('offset' in slice) wanted.offset(slice.offset)
  else wanted.whereRaw(`(${names.map(() => '??').join()}) ${direction === 'asc' ? '>' : '<'} (${names.map(name => parameters[columns[name]!]).join()})`, [...names, ...slice.after]) // prettier-ignore
  const found = (await wanted) as (Row & Record<typeof POSITION, string[]>)[]
  const [counted] = await (rows() as Knex.QueryBuilder).count<{ count: string }[]>('* as count')
  const items = found.slice(0, slice.limit)
  return {
    items: items.map(({ [POSITION]: _, ...row }) => row as unknown as Row),
    total: Number(counted?.count ?? 0),
    end: found.length > slice.limit ? (items.at(-1)?.[POSITION] ?? null) : null,
  }
}

/** Microseconds since 1970, as Postgres has them: as a date of JavaScript, a position would be before rows of the same millisecond. */
const parameters: Readonly<Record<ColumnType, string>> = {
  time: `'epoch'::timestamptz + ?::bigint * interval '1 microsecond'`,
  uuid: '?::uuid',
  text: '?::text',
  integer: '?::integer',
  bigint: '?::bigint',
}

const forms: Readonly<Record<ColumnType, (text: string) => boolean>> = {
  time: text => isWhole(text, 2n ** 53n),
  uuid: text => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text),
  text: text => text.isWellFormed() && !text.includes('\u0000'),
  integer: text => isWhole(text, 2n ** 31n),
  bigint: text => isWhole(text, 2n ** 63n),
}

/** Whether these can be values of the columns: Postgres would fail on others. Pure. */
export function isPosition(values: readonly unknown[], { columns }: Keyset): values is Position {
  const types = Object.values(columns)
  const fits = (value: unknown, index: number) => typeof value === 'string' && forms[types[index]!](value)
  return values.length === types.length && values.every(fits)
}

function isWhole(text: string, limit: bigint): boolean {
  return /^-?\d{1,19}$/.test(text) && BigInt(text) < limit && BigInt(text) > -limit
}
