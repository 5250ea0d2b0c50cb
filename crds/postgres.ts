import { z } from 'zod'
import { immutable, withRule } from './rule.ts'
import { credentialsSecretRefSchema, secretKeyRef } from './secret-ref.ts'

const poolSchema = withRule(
  z.strictObject({
    min: z.int().min(1).max(1000).default(2).describe('Connections that each pod keeps.'),
    max: z.int().min(1).max(1000).default(20).describe('Most connections of each pod; all pods together must stay below max_connections.'), // prettier-ignore
  }),
  { cel: 'self.min <= self.max', test: ({ min, max }) => min <= max, message: 'pool.min must be at most pool.max' },
)

const fields = z.strictObject({
  urlSecretRef: secretKeyRef('url', 'the whole URL, postgresql://user:password@host:5432/database')
    .optional()
    .describe('Secret with the URL of the database; or set host and credentialsSecretRef.'),
  host: z.string().min(1).max(253).optional().describe('Host of Postgres, instead of urlSecretRef.'),
  port: z.int().min(1).max(65_535).default(5432).describe('Port, with host.'),
  database: immutable(
    z.string().min(1).max(63).default('selfrag').describe('Database, with host. Cannot be changed.'),
    'the database of a pipeline cannot be changed: its tenants live in it; make another RagPipeline',
  ),
  sslMode: z
    .enum(['disable', 'prefer', 'require', 'verify-ca', 'verify-full'])
    .default('prefer')
    .describe('TLS to Postgres, with host; in a URL it is the parameter `sslmode`.'),
  credentialsSecretRef: credentialsSecretRefSchema
    .optional()
    .describe('Secret with user and password, with host. The user must be able to create schemas and roles.'),
  pool: poolSchema.prefault({}).describe('How many connections each pod holds.'),
})

const withOneOf = withRule(fields, {
  cel: 'has(self.urlSecretRef) != has(self.host)',
  test: ({ urlSecretRef, host }) => (urlSecretRef === undefined) !== (host === undefined),
  message: 'set exactly one of urlSecretRef and host',
})

export const postgresSchema = withRule(withOneOf, {
  cel: 'has(self.host) == has(self.credentialsSecretRef)',
  test: ({ host, credentialsSecretRef }) => (host === undefined) === (credentialsSecretRef === undefined),
  message: 'credentialsSecretRef goes with host: set both (or urlSecretRef, whose URL has user and password)',
}).describe('The database of this pipeline, Postgres 15 or newer. The operator makes schemas and roles in it.')
