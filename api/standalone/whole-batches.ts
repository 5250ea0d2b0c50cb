import { PGlite } from '@electric-sql/pglite'

type StreamOptions = Exclude<Parameters<PGlite['execProtocolRawStream']>[1], undefined>

// Frontend messages after which Postgres says ReadyForQuery: another connection may come in.
const QUERY = 0x51 // 'Q'
const SYNC = 0x53 // 'S'
const TERMINATE = 0x58 // 'X'
const boundaries = new Set([QUERY, SYNC, TERMINATE])
// The startup message has no type byte: its first byte is the high byte of its length.
const STARTUP = 0

/**
 * A PGlite that pglite-socket can serve to several connections without mixing them up.
 *
 * All connections of pglite-socket share one session of Postgres. It lets another connection in between any two protocol
 * messages unless a transaction is open, so one connection's Parse can be followed by another's Bind: measured with 8
 * connections and parameters of 500 kB (more than one TCP segment), 3 of 400 queries answered with *another* query's
 * result, without an error. Between the tenants of one database that would be a leak. So the time from a batch's first
 * message to its Sync counts as a transaction too.
 */
export class WholeBatchPGlite extends PGlite {
  #inBatch = false

  override isInTransaction(): boolean {
    return this.#inBatch || super.isInTransaction()
  }

  override async execProtocolRawStream(message: Uint8Array, options: StreamOptions): Promise<void> {
    const type = message[0] ?? STARTUP
    this.#inBatch = type !== STARTUP && !boundaries.has(type)
    await super.execProtocolRawStream(message, options)
  }

  /** Called by the socket server to roll back what a lost connection left behind. */
  override async exec(...parameters: Parameters<PGlite['exec']>): ReturnType<PGlite['exec']> {
    if (this.#inBatch) {
      this.#inBatch = false
      // After an error Postgres skips everything up to a Sync, and would skip the rollback.
      await this.execProtocolRaw(Uint8Array.of(SYNC, 0, 0, 0, 4))
    }
    return super.exec(...parameters)
  }
}
