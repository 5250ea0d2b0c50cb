import { createHash } from 'node:crypto'
import { observeControlSchema } from '../api/provisioning/observe-pipeline.ts'
import { type ProvisioningStores } from '../api/provisioning/stores.ts'
import { type DatabaseAddress, parseDatabaseUrl } from '../api/stores/postgres/database-address.ts'
import { databaseFault, isOutOfResources } from '../api/stores/postgres/database-errors.ts'
import { openDatabase } from '../api/stores/postgres/database.ts'
import { controlSchemaState, isUsable } from '../api/stores/postgres/schema-state.ts'
import { PgVectorStore } from '../api/stores/vectors/pgvector/pg-vector-store.ts'
import { QdrantVectorStore } from '../api/stores/vectors/qdrant/qdrant-vector-store.ts'
import { VectorStoreUnavailable } from '../api/stores/vectors/vector-store.ts'
import { type StoreAddress } from './plan/store-address.ts'
import { type StoreFault } from './plan/store-fault.ts'
import { recent } from './runtime/recent.ts'

/** Opens both stores of a pipeline without connecting yet. @throws InvalidAddress */
export type OpenStores = (address: StoreAddress) => ProvisioningStores

interface Connection {
  readonly stores: ProvisioningStores
  /** Tells addresses apart without keeping their secrets a second time. */
  readonly fingerprint: string
  users: number
  lastUsed: number
  /** To be closed when its last user is done. */
  retired: boolean
}

export interface ConnectionsOptions {
  readonly open: OpenStores
  /** Milliseconds. */
  readonly now: () => number
  /** Connections that nobody has used for so long are closed. */
  readonly idleMs: number
  readonly log: { warn(fields: object, message: string): void }
}

/** For so long a control schema that was usable is taken to be so still. */
const RECENT_MS = 1000

/**
 * The open stores of all pipelines, by pipeline. When the address or a password changes, whoever asks next gets new
 * connections, and the old ones are closed when nobody uses them any more.
 */
export class Connections {
  readonly #options: ConnectionsOptions
  readonly #open = new Map<string, Connection>()
  readonly #closing = new Set<Promise<void>>()

  constructor(options: ConnectionsOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#open.size
  }

  /** Runs `work` on a pipeline's stores, which stay open at least until it ends. @throws InvalidAddress */
  async use<T>(pipeline: string, address: StoreAddress, work: (stores: ProvisioningStores) => Promise<T>): Promise<T> {
    const connection = this.#connect(pipeline, address)
    connection.users++
    try {
      return await work(connection.stores)
    } finally {
      connection.users--
      connection.lastUsed = this.#options.now()
      if (connection.retired) this.#closeUnused(connection)
    }
  }

  /** Closes the connections of a pipeline that is gone. */
  forget(pipeline: string): void {
    const connection = this.#open.get(pipeline)
    if (!connection) return
    this.#open.delete(pipeline)
    connection.retired = true
    this.#closeUnused(connection)
  }

  closeIdle(): void {
    const limit = this.#options.now() - this.#options.idleMs
    for (const [pipeline, { users, lastUsed }] of this.#open) {
      if (users === 0 && lastUsed <= limit) this.forget(pipeline)
    }
  }

  /** Resolves when every connection is closed that nobody uses. */
  async closeAll(): Promise<void> {
    for (const pipeline of [...this.#open.keys()]) this.forget(pipeline)
    await Promise.all(this.#closing)
  }

  #connect(pipeline: string, address: StoreAddress): Connection {
    const fingerprint = createHash('sha256').update(JSON.stringify(address)).digest('hex')
    const known = this.#open.get(pipeline)
    if (known?.fingerprint === fingerprint) return known
    this.forget(pipeline)
    const stores = this.#withRecentControl(this.#options.open(address))
    const connection = { stores, fingerprint, users: 0, lastUsed: this.#options.now(), retired: false }
    this.#open.set(pipeline, connection)
    return connection
  }

  /** Tenants that are looked at one after the other share what they all ask about their pipeline first. */
  #withRecentControl(stores: ProvisioningStores): ProvisioningStores {
    const control = recent({
      read: () => observeControlSchema(stores.database),
      keep: observed => isUsable(controlSchemaState(observed)),
      forMs: RECENT_MS,
      now: this.#options.now,
    })
    return { ...stores, control }
  }

  #closeUnused({ users, stores }: Connection): void {
    if (users > 0) return
    const closed = Promise.all([stores.vectors.close(), stores.database.destroy()]).then(
      () => undefined,
      (error: unknown) => this.#options.log.warn({ err: error }, 'a connection could not be closed'),
    )
    this.#closing.add(closed)
    void closed.finally(() => this.#closing.delete(closed))
  }
}

/** The Secret does not hold an address; the message does not repeat it. */
export class InvalidAddress extends Error {
  override readonly name = 'InvalidAddress'
}

/** The operator works on one resource at a time per worker: few connections, none kept while idle. */
const pool = { keep: 0, max: 5, acquireTimeoutMs: 10_000, lifetimeMs: 600_000 }

export const openStores: OpenStores = address => {
  const database = openDatabase({
    address: databaseAddress(address.database),
    applicationName: 'selfrag-operator',
    pool,
    statementTimeoutMs: 60_000,
  })
  switch (address.vectors.engine) {
    case 'qdrant': {
      const { url, apiKey } = address.vectors
      return { database, vectors: new QdrantVectorStore({ url, ...(apiKey ? { apiKey } : {}) }) }
    }
    case 'pgvector':
      return { database, vectors: new PgVectorStore({ database }) }
  }
}

function databaseAddress(access: StoreAddress['database']): DatabaseAddress {
  if (!('url' in access)) return access
  try {
    return parseDatabaseUrl(access.url)
  } catch (error) {
    throw new InvalidAddress((error as Error).message, { cause: error })
  }
}

/** What kind of fault an error of a store is, in the words that conditions use. */
export function storeFault(error: unknown): StoreFault | null {
  if (error instanceof InvalidAddress) return { store: 'database', reason: 'InvalidAddress', message: error.message }
  if (error instanceof VectorStoreUnavailable) return vectorFault(error)
  const message = messageOf(error)
  if (isOutOfResources(error)) return { store: 'database', reason: 'OutOfResources', message }
  switch (databaseFault(error)) {
    case 'unavailable':
    case 'timeout':
    case 'retry':
      return { store: 'database', reason: 'Unreachable', message }
    case 'refused':
      return { store: 'database', reason: 'AccessRefused', message }
    default:
      return null
  }
}

function vectorFault({ why, message, retryAfterMs }: VectorStoreUnavailable): StoreFault {
  const reasons = { away: 'Unreachable', overloaded: 'OutOfResources', refused: 'AccessRefused' } as const
  return { store: 'vectors', reason: reasons[why], message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

/** A host with several addresses fails with an error that has no message of its own. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
