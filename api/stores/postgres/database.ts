import knex, { type Knex } from 'knex'
import type { Client } from 'pg'
import type { Configuration } from '../../contract/configuration.ts'
import { configuredAddress, type DatabaseAddress } from './database-address.ts'
import { tlsOptions } from './tls.ts'

export interface PoolSettings {
  /** Connections that stay open when idle. */
  readonly keep: number
  /** Connections at most. */
  readonly max: number
  /** How long a query waits for a connection. */
  readonly acquireTimeoutMs: number
  /** A connection older than this is replaced before its next use. */
  readonly lifetimeMs: number
}

export const defaultPool: PoolSettings = { keep: 2, max: 10, acquireTimeoutMs: 30_000, lifetimeMs: 1_800_000 }

export interface DatabaseSettings {
  readonly address: DatabaseAddress
  /** Shown in pg_stat_activity: `selfrag-api`, `selfrag-worker`, `selfrag-operator`. */
  readonly applicationName: string
  readonly pool?: PoolSettings
  /** A statement that takes longer is cancelled (57014). */
  readonly statementTimeoutMs?: number
}

/** The pool that DB_POOL_SIZE and its like ask for. */
export function databaseSettings(configuration: Configuration, applicationName: string): DatabaseSettings {
  return {
    address: configuredAddress(configuration),
    applicationName,
    pool: {
      keep: configuration.DB_POOL_SIZE,
      max: configuration.DB_POOL_SIZE + configuration.DB_MAX_OVERFLOW,
      acquireTimeoutMs: configuration.DB_POOL_TIMEOUT * 1000,
      lifetimeMs: configuration.DB_POOL_RECYCLE * 1000,
    },
  }
}

/** A pool of connections; opens none before the first query. The caller ends it with `destroy()`. */
export function openDatabase(settings: DatabaseSettings): Knex {
  const { address, pool = defaultPool } = settings
  const connectTimeoutMs = Math.min(pool.acquireTimeoutMs, 10_000)
  const database = knex({
    client: 'pg',
    // A function, because TLS has to be agreed on first. Its result holds for the life of the pool; a failure does not.
    connection: async () => ({
      host: address.host,
      port: address.port,
      database: address.database,
      user: address.user,
      ...(address.password !== undefined && { password: address.password }),
      ssl: await tlsOptions(address, connectTimeoutMs),
      application_name: settings.applicationName,
      keepAlive: true,
      connectionTimeoutMillis: connectTimeoutMs,
      ...(settings.statementTimeoutMs !== undefined && { statement_timeout: settings.statementTimeoutMs }),
    }),
    acquireConnectionTimeout: pool.acquireTimeoutMs,
    pool: {
      min: Math.min(pool.keep, pool.max),
      max: pool.max,
      maxConnectionLifetimeMillis: pool.lifetimeMs,
      // Replicas that started together do not reconnect together.
      maxConnectionLifetimeJitterMillis: pool.lifetimeMs / 10,
      validate: pingWhenIdle(),
    },
    // Every fault is also thrown; whoever catches it logs it with its request.
    log: { warn: silence, error: silence, deprecate: silence, debug: silence },
    compileSqlOnError: false,
  })
  database.on('query-error', separateStatement)
  return database
}

const STATEMENT_LENGTH = 500

/**
 * knex puts the statement before the server's words, and so conditions and answers would begin with a page of SQL, and a
 * connection that broke could not be told by its message. The statement goes beside it, where logs show it. A transaction
 * tells of its errors more than once.
 */
function separateStatement(error: Error & { statement?: string }, { sql }: { readonly sql: string }): void {
  const prefix = `${sql} - `
  if (!error.message.startsWith(prefix)) return
  error.message = error.message.slice(prefix.length)
  error.statement = sql.slice(0, STATEMENT_LENGTH)
}

const IDLE_BEFORE_PING_MS = 5_000

/**
 * Asks a connection that has been idle whether the server still answers, so that a failover costs a reconnect and not a
 * failed request. A busy connection is not asked: its last answer is fresh, and asking would double its round trips.
 */
function pingWhenIdle(): (connection: Client) => Promise<boolean> {
  const lastUse = new WeakMap<Client, number>()
  return async connection => {
    const now = performance.now()
    const idleMs = now - (lastUse.get(connection) ?? now)
    lastUse.set(connection, now)
    if (idleMs >= IDLE_BEFORE_PING_MS) await connection.query('SELECT 1')
    return true
  }
}

function silence(): void {}
