import type { Knex } from 'knex'
import { configuredAddress } from '../../stores/postgres/database-address.ts'
import { databaseFault, isOutOfResources } from '../../stores/postgres/database-errors.ts'
import { type Check, failed, type Finding, ok, type Patient, warning } from '../check.ts'
import { plain } from '../run-checks.ts'

const OLDEST = 150_000
const DO_START = 'see that Postgres runs and listens there (docker compose ps postgres, kubectl get pods), that DATABASE_URL or PGHOST and PGPORT are right, and that no firewall or NetworkPolicy is between' // prettier-ignore

interface Facts {
  readonly version: number
  readonly superuser: boolean
  readonly createrole: boolean
  readonly create: boolean
  readonly max_connections: number
  readonly connections: number
  readonly standby: boolean
}

/** Postgres answers, and this role may do what the product does. */
export const databaseCheck: Check = {
  name: 'database',
  async examine(patient) {
    const { host, port } = configuredAddress(patient.configuration)
    const started = performance.now()
    try {
      const facts = await read(patient.database)
      return judge(facts, patient, `${host}:${port}, ${Math.round(performance.now() - started)} ms`)
    } catch (error) {
      return explain(error, `${host}:${port}`)
    }
  },
}

async function read(database: Knex): Promise<Facts> {
  const { rows } = await database.raw<{ rows: Facts[] }>(`
    SELECT current_setting('server_version_num')::int AS version, rolsuper AS superuser, rolcreaterole AS createrole,
           has_database_privilege(current_database(), 'CREATE') AS "create",
           current_setting('max_connections')::int AS max_connections,
           (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
           pg_is_in_recovery() AS standby
    FROM pg_roles WHERE rolname = current_user`)
  return rows[0]!
}

function judge(facts: Facts, { configuration }: Patient, where: string): Finding {
  const version = `Postgres ${Math.floor(facts.version / 10_000)}.${facts.version % 10_000}`
  if (facts.version < OLDEST) return failed(`${version} at ${where}`, 'selfrag needs Postgres 15 or newer', 'upgrade the server') // prettier-ignore
  if (facts.standby) return failed(`${version} at ${where} is a standby`, 'it takes no writes', 'let DATABASE_URL lead to the primary') // prettier-ignore
  const lacking = [...(facts.createrole || facts.superuser ? [] : ['CREATEROLE']), ...(facts.create ? [] : ['CREATE on the database'])] // prettier-ignore
  if (lacking.length > 0) return failed(`the role lacks ${lacking.join(' and ')}`, 'each tenant gets a schema and a role of its own', 'ALTER ROLE … CREATEROLE; ALTER DATABASE … OWNER TO that role') // prettier-ignore
  const pool = configuration.DB_POOL_SIZE + configuration.DB_MAX_OVERFLOW
  if (pool > facts.max_connections) return warning(`${version} at ${where}`, `one replica may open ${pool} connections (DB_POOL_SIZE + DB_MAX_OVERFLOW), the server allows ${facts.max_connections} in all`, 'lower them or raise max_connections') // prettier-ignore
  if (facts.connections > 0.9 * facts.max_connections) return warning(`${facts.connections} of ${facts.max_connections} connections are in use`, 'too many replicas, or pools that are too large', 'lower DB_MAX_OVERFLOW, or raise max_connections') // prettier-ignore
  if (facts.superuser) return warning(`${version} at ${where}`, 'the role is a superuser: a fault of the API would have the whole server', 'use a role with CREATEROLE that owns the database, as config/compose/postgres/role.sh makes it') // prettier-ignore
  return ok(`${version} at ${where}, ${facts.connections} of ${facts.max_connections} connections`)
}

function explain(error: unknown, where: string): Finding {
  const message = `${where}: ${plain(error)}`
  if (isOutOfResources(error)) return failed(message, 'the server has no connection, memory or disk left', 'see max_connections against replicas × (DB_POOL_SIZE + DB_MAX_OVERFLOW), and the free disk of the server') // prettier-ignore
  switch (databaseFault(error)) {
    case 'refused':
      return failed(message, 'the server answers and lets this user or database not in', 'compare user, password and database in DATABASE_URL with what the server has (psql -c "\\\\du"); a password that was changed has to be changed on both sides') // prettier-ignore
    case 'unavailable':
      return failed(message, 'nobody answers there', DO_START)
    default:
      return failed(message, 'the database refused a simple question', 'see the log of Postgres of this moment')
  }
}
