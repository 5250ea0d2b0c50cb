import { expect } from 'chai'
import { describe, it } from 'mocha'
import { parseConfiguration } from '../../api/contract/configuration.ts'
import { databaseSettings } from '../../api/stores/postgres/database.ts'
import { configuredAddress, parseDatabaseUrl } from '../../api/stores/postgres/database-address.ts'

describe('stores/postgres/database-address', () => {
  const plain = { host: 'db', port: 5432, database: 'rag', user: 'me', sslMode: 'prefer' }

  for (const [url, address] of [
    ['postgresql://me@db/rag', plain],
    ['postgresql://me:p%40ss%2Fword@db:6432/rag', { ...plain, port: 6432, password: 'p@ss/word' }],
    ['postgresql://me@db', { ...plain, database: 'me' }],
    ['postgresql://me@[::1]/rag', { ...plain, host: '::1' }],
    ['postgresql://me@db/rag?sslmode=verify-full', { ...plain, sslMode: 'verify-full' }],
    ['postgresql://me@db/rag?ssl=require', { ...plain, sslMode: 'require' }],
    [
      'postgresql://me@db/rag?sslmode=verify-ca&sslrootcert=/ca.pem',
      { ...plain, sslMode: 'verify-ca', sslRootCert: '/ca.pem' },
    ],
    ['postgresql://me@localhost/rag?host=/var/run/postgresql', { ...plain, host: '/var/run/postgresql' }],
  ] as const)
    it(`reads ${url}`, () => {
      expect(parseDatabaseUrl(url)).to.deep.equal(address)
    })

  for (const [url, fault] of [
    ['nonsense', 'postgresql://user:password@host/db'],
    ['postgresql://me:hunter2@db/rag?sslmode=yes', 'disable, prefer, require'],
    ['postgresql://me:hunter2@db/rag?target_session_attrs=any', 'target_session_attrs'],
  ] as const)
    it(`refuses ${url} without repeating the password`, () => {
      expect(() => parseDatabaseUrl(url))
        .to.throw(TypeError, fault)
        .with.property('message')
        .that.does.not.include('hunter2')
    })

  const configured = (env: Record<string, string>) => {
    const result = parseConfiguration({ VECTOR_ENGINE: 'pgvector', ...env })
    if (!result.ok) throw new Error(result.faults.join('; '))
    return result.configuration
  }

  it('prefers DATABASE_URL to the PG* variables', () => {
    const host = { PGHOST: 'other', PGUSER: 'other' }
    expect(configuredAddress(configured({ ...host, DATABASE_URL: 'postgresql+asyncpg://me@db/rag' }))).to.deep.equal(
      plain,
    )
    expect(
      configuredAddress(
        configured({ PGHOST: 'db', PGUSER: 'me', PGPASSWORD: 'p', PGDATABASE: 'rag', PGSSLMODE: 'require' }),
      ),
    ).to.deep.equal({ ...plain, password: 'p', sslMode: 'require' })
  })

  it('sizes the pool by the DB_* variables', () => {
    const configuration = configured({
      DATABASE_URL: 'postgresql://me@db/rag',
      DB_POOL_SIZE: '3',
      DB_MAX_OVERFLOW: '4',
      DB_POOL_TIMEOUT: '5',
      DB_POOL_RECYCLE: '60',
    })
    expect(databaseSettings(configuration, 'selfrag-api').pool).to.deep.equal({
      keep: 3,
      max: 7,
      acquireTimeoutMs: 5000,
      lifetimeMs: 60_000,
    })
  })
})
