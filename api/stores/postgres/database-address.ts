import type { Configuration } from '../../contract/configuration.ts'

/** As libpq has them. `prefer`: TLS when the server offers it; `require`: TLS, certificate not checked. */
export const sslModes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
export type SslMode = (typeof sslModes)[number]

/** Where a database is and who opens it. */
export interface DatabaseAddress {
  /** A host name, or the folder of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password?: string
  readonly sslMode: SslMode
  /** PEM file of the authorities that `verify-ca` and `verify-full` trust; absent: those that Node trusts. */
  readonly sslRootCert?: string
}

/** What may follow the `?` of a URL. `ssl` is how SQLAlchemy with asyncpg spells `sslmode`. */
const parameters = ['sslmode', 'ssl', 'sslrootcert', 'host', 'port'] as const

/** @throws TypeError naming the fault and never the password */
export function parseDatabaseUrl(text: string): DatabaseAddress {
  if (!URL.canParse(text)) throw new TypeError('the database URL is none; it reads postgresql://user:password@host/db')
  const url = new URL(text)
  for (const name of url.searchParams.keys())
    if (!parameters.includes(name as (typeof parameters)[number]))
      throw new TypeError(
        `the database URL has the parameter ${JSON.stringify(name)}; known ones: ${parameters.join(', ')}`,
      )
  const rootCert = url.searchParams.get('sslrootcert')
  return {
    host: url.searchParams.get('host') ?? url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.searchParams.get('port') ?? (url.port || 5432)),
    database: decodeURIComponent(url.pathname.slice(1)) || decodeURIComponent(url.username),
    user: decodeURIComponent(url.username),
    ...(url.password && { password: decodeURIComponent(url.password) }),
    sslMode: parseSslMode(url.searchParams.get('sslmode') ?? url.searchParams.get('ssl') ?? 'prefer'),
    ...(rootCert && { sslRootCert: rootCert }),
  }
}

function parseSslMode(text: string): SslMode {
  const mode = { allow: 'prefer', true: 'require', false: 'disable' }[text] ?? text
  if (sslModes.includes(mode as SslMode)) return mode as SslMode
  throw new TypeError(`sslmode is ${JSON.stringify(text)}; it must be one of ${sslModes.join(', ')}`)
}

/** DATABASE_URL, else the PG* variables. */
export function configuredAddress(configuration: Configuration): DatabaseAddress {
  if (configuration.DATABASE_URL) return parseDatabaseUrl(configuration.DATABASE_URL)
  return {
    host: configuration.PGHOST ?? 'localhost',
    port: configuration.PGPORT,
    database: configuration.PGDATABASE,
    user: configuration.PGUSER ?? 'postgres',
    ...(configuration.PGPASSWORD !== undefined && { password: configuration.PGPASSWORD }),
    sslMode: configuration.PGSSLMODE,
    ...(configuration.PGSSLROOTCERT !== undefined && { sslRootCert: configuration.PGSSLROOTCERT }),
  }
}
