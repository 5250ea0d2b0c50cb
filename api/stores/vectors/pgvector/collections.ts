import type { Knex } from 'knex'
import { type Owner, sameOwner } from '../../../contract/ownership.ts'
import {
  type CollectionAdmin,
  CollectionMissing,
  type CollectionSpec,
  type CollectionState,
  type PayloadIndex,
  payloadIndexes,
} from '../vector-store.ts'
import { type CollectionTuning, showHnsw, type TuningPart } from '../tuning.ts'
import { isMissingTable, named } from './faults.ts'
import { ALIASES, type CollectionRow, COLLECTIONS, findCollection, prepareRegistry, qualified, tableName } from './registry.ts' // prettier-ignore
import { describeTable } from './describe-table.ts'
import { createPayloadIndex, createTable, dropPayloadIndex, rebuildHnsw } from './table-ddl.ts'

/** Collections as tables, and a registry of what Qdrant would keep as their configuration. */
export class PgCollections implements CollectionAdmin {
  readonly #database: Knex

  constructor(database: Knex) {
    this.#database = database
  }

  async describe(name: string): Promise<CollectionState | null> {
    return this.#ifPrepared(null, async () => {
      const row = await findCollection(this.#database, name)
      return row ? await readState(this.#database, row) : null
    })
  }

  async resolve(alias: string): Promise<string | null> {
    return this.#ifPrepared(null, async () => {
      const { rows } = await this.#database.raw<{ rows: { name: string }[] }>('SELECT name FROM ?? WHERE alias = ?', [
        ALIASES,
        alias,
      ])
      return rows[0]?.name ?? null
    })
  }

  async list(prefix: string): Promise<string[]> {
    return this.#ifPrepared([], async () => {
      const { rows } = await this.#database.raw<{ rows: { name: string }[] }>(
        'SELECT name FROM ?? WHERE starts_with(name, ?)',
        [COLLECTIONS, prefix],
      )
      // Sorted here: the database's collation may not go by code units.
      return rows.map(({ name }) => name).sort()
    })
  }

  /** All of it in one transaction: after a failure there is nothing half made. */
  async create(name: string, spec: CollectionSpec): Promise<void> {
    await this.#transaction(async sql => {
      await prepareRegistry(sql)
      const existing = await findCollection(sql, name)
      if (existing) requireSame(existing, spec)
      const row = existing ?? (await register(sql, name, spec))
      // Somebody may have dropped the table and left the registry's row.
      const hasTable = (await describeTable(sql, row)) !== null
      await createTable(sql, row)
      if (!hasTable) await rebuildHnsw(sql, row)
      for (const index of payloadIndexes) await createPayloadIndex(sql, row, index)
    })
  }

  async createIndex(name: string, index: PayloadIndex): Promise<void> {
    await this.#transaction(async sql => createPayloadIndex(sql, await required(sql, name), index))
  }

  async replaceIndex(name: string, index: PayloadIndex): Promise<void> {
    await this.#transaction(async sql => {
      const row = await required(sql, name)
      await dropPayloadIndex(sql, row, index)
      await createPayloadIndex(sql, row, index)
    })
  }

  async tune(name: string, { hnsw }: CollectionTuning, part: TuningPart): Promise<void> {
    if (part !== 'hnsw') return
    await this.#transaction(async sql => {
      const row = await required(sql, name)
      await sql.raw('UPDATE ?? SET hnsw = ?::jsonb WHERE name = ?', [COLLECTIONS, JSON.stringify(hnsw), row.name])
      await rebuildHnsw(sql, { ...row, hnsw })
    })
  }

  async setOwner(name: string, owner: Owner): Promise<void> {
    await this.#transaction(async sql => {
      const row = await required(sql, name)
      await sql.raw('UPDATE ?? SET owner = ?::jsonb WHERE name = ?', [COLLECTIONS, JSON.stringify(owner), row.name])
    })
  }

  async setAlias(alias: string, name: string): Promise<void> {
    await this.#transaction(async sql => {
      const row = await required(sql, name)
      if ((await findCollection(sql, alias))?.name === alias)
        throw new Error(`${alias} cannot be an alias: a collection has that name`)
      await sql.raw(
        'INSERT INTO ?? (alias, name) VALUES (?, ?) ON CONFLICT (alias) DO UPDATE SET name = EXCLUDED.name',
        [ALIASES, alias, row.name],
      )
    })
  }

  async deleteAlias(alias: string): Promise<void> {
    await this.#ifPrepared(undefined, async () => {
      await this.#database.raw('DELETE FROM ?? WHERE alias = ?', [ALIASES, alias])
    })
  }

  async delete(name: string): Promise<void> {
    await this.#ifPrepared(undefined, () =>
      this.#database.transaction(async sql => {
        const row = await findCollection(sql, name)
        // By its real name only, as in Qdrant: an alias must not take a collection with it.
        if (row?.name !== name) return
        await sql.raw('DROP TABLE IF EXISTS ??', [qualified(row)])
        await sql.raw('DELETE FROM ?? WHERE name = ?', [COLLECTIONS, name])
      }),
    )
  }

  async #transaction<T>(work: (sql: Knex.Transaction) => Promise<T>): Promise<T> {
    return named(() => this.#database.transaction(work))
  }

  /** Before the first `create` there is no registry, and so no collection. */
  async #ifPrepared<T>(otherwise: T, work: () => Promise<T>): Promise<T> {
    try {
      return await named(work)
    } catch (error) {
      if (isMissingTable(error)) return otherwise
      throw error
    }
  }
}

async function register(sql: Knex, name: string, spec: CollectionSpec): Promise<CollectionRow> {
  const row: CollectionRow = {
    name,
    table_name: tableName(name),
    dimension: spec.dense?.dimension ?? null,
    distance: spec.dense?.distance ?? null,
    hnsw: spec.hnsw,
    tenancy: spec.tenancy,
    owner: spec.owner,
    fingerprint: spec.fingerprint,
  }
  await sql.raw(
    `INSERT INTO ?? (name, table_name, dimension, distance, hnsw, tenancy, owner, fingerprint)
     VALUES (?, ?, ?, ?, ?::jsonb, ?, ?::jsonb, ?)`,
    [COLLECTIONS, name, row.table_name, row.dimension, row.distance, JSON.stringify(row.hnsw), row.tenancy, JSON.stringify(row.owner), row.fingerprint], // prettier-ignore
  )
  return row
}

function requireSame(existing: CollectionRow, spec: CollectionSpec): void {
  if (sameOwner(existing.owner, spec.owner) && existing.fingerprint === spec.fingerprint) return
  throw new Error(
    `collection ${existing.name} exists already, with owner ${existing.owner.name ?? existing.owner.uid} and ` +
      `fingerprint ${existing.fingerprint}`,
  )
}

async function required(sql: Knex, name: string): Promise<CollectionRow> {
  const row = await findCollection(sql, name).catch((error: unknown) => {
    if (isMissingTable(error)) return undefined
    throw error
  })
  if (!row) throw new CollectionMissing(name)
  return row
}

async function readState(sql: Knex, row: CollectionRow): Promise<CollectionState> {
  const { rows } = await sql.raw<{ rows: { points: string }[] }>('SELECT count(*) AS points FROM ??', [qualified(row)])
  const { name, distance, hnsw, tenancy, owner, fingerprint } = row
  const table = await describeTable(sql, row)
  const dimension = table?.dimension ?? null
  return {
    name,
    dense: dimension !== null && distance !== null ? { dimension, distance } : null,
    sparse: table?.sparse ?? false,
    tuning: { hnsw: table?.hnsw ?? 'no index' },
    tunedTo: { hnsw: showHnsw(hnsw) },
    tenancy,
    owner,
    fingerprint,
    indexes: table?.indexes ?? [],
    wrongIndexes: table?.wrongIndexes ?? {},
    points: Number(rows[0]?.points ?? 0),
  }
}
