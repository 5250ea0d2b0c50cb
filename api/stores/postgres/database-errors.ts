/**
 * What kind of fault an error of the database is:
 * - `unavailable`: cannot be reached, is shutting down, or has no connection left: trying again later may help
 * - `refused`: answers, but lets this user not in or does not have this database: the configuration is wrong
 * - `conflict`: a unique constraint; `invalid`: a check, a foreign key, a missing or malformed value
 * - `missing`: a schema, table or role is not there: not provisioned yet
 * - `forbidden`: the role may not do this
 * - `retry`: lost against another transaction (deadlock, serialization)
 * - `timeout`: the statement was cancelled because it took too long
 * - `other`: not of the database, or a fault of ours
 */
export type DatabaseFault =
  'unavailable' | 'refused' | 'conflict' | 'invalid' | 'missing' | 'forbidden' | 'retry' | 'timeout' | 'other'

/** SQLSTATEs and their classes (first two characters); the longer one wins. */
const faultOfState: Readonly<Record<string, DatabaseFault>> = {
  '08': 'unavailable', // connection exception
  '53': 'unavailable', // insufficient resources: 53300 too many connections, 53100 disk full
  '57P': 'unavailable', // shutdown, crash, starting up
  '58': 'unavailable', // system error
  '25006': 'unavailable', // read only: a primary became a standby
  '28': 'refused',
  '3D000': 'refused',
  '23505': 'conflict',
  '23': 'invalid',
  '22': 'invalid',
  '3F000': 'missing',
  '42P01': 'missing',
  '42704': 'missing',
  '42501': 'forbidden',
  '40': 'retry',
  '55P03': 'retry', // lock not available
  '57014': 'timeout',
}

const unreachable = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
])

/** Messages of pg, knex and tarn for errors that bear no code. */
const unavailableMessage =
  /^(connection terminated|timeout expired|knex: timeout acquiring|unable to acquire|client (was closed|has encountered)|the server does not support ssl|aborted$)/i

export function databaseFault(error: unknown): DatabaseFault {
  if (!(error instanceof Error)) return 'other'
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (unreachable.has(code) || unavailableMessage.test(error.message)) return 'unavailable'
  if (/^[0-9A-Z]{5}$/.test(code)) return faultOfState[code] ?? faultOfState[code.slice(0, 3)] ?? faultOfState[code.slice(0, 2)] ?? 'other' // prettier-ignore
  return 'other'
}

/** It answers, but has no room left: disk (53100), memory (53200), connections (53300). Also `unavailable`. */
export function isOutOfResources(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && /^53[0-9A-Z]{3}$/.test(error.code)
  )
}

/** What the server said, without the statement that knex writes before it: fit for people. */
export function serverMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const isServers = error instanceof Error && 'code' in error && /^[0-9A-Z]{5}$/.test(String(error.code))
  return isServers ? message.slice(message.lastIndexOf(' - ') + 1).replace(/^- /, '') : message
}

export function isUnavailable(error: unknown): boolean {
  return databaseFault(error) === 'unavailable'
}

/** The name of the constraint that a `conflict` or `invalid` broke. */
export function brokenConstraint(error: unknown): string | undefined {
  return error instanceof Error && 'constraint' in error && typeof error.constraint === 'string'
    ? error.constraint
    : undefined
}
