import { z } from 'zod'
import { chunkerNames, chunkingSchema } from './chunking.ts'
import { askingLlm, enrichersSchema } from './enrichers.ts'
import { modelFaults, modelKeys, modelVariables } from './model-variables.ts'
import { COLLECTION_PREFIX_PATTERN, normalizePrefix } from './names.ts'
import { queryTransformNames, rerankModes, retrievalSchema, retrieverNames } from './retrieval.ts'
import { decimal, flag, httpUrl, integer, list } from './variable-types.ts'

/**
 * Every environment variable that the API and the worker read, with its meaning and default. The operator renders the
 * environment of a pipeline from the same schema, docs/reference/configuration.md is generated from it, and nothing else
 * reads `process.env`.
 */

/** SQLAlchemy's `postgresql+asyncpg://`, which the original service used, means the same database. */
const databaseUrl = z
  .string()
  .transform(value => value.replace(/^postgres(ql)?(\+\w+)?:\/\//, 'postgresql://'))
  .refine(
    value => value.startsWith('postgresql://') && isEncodedUrl(value),
    'must be a postgresql:// URL, with % in its parts written as %25',
  )

/** Also that the parts which are read from it can be decoded: a password with a bare `%` cannot. */
function isEncodedUrl(value: string): boolean {
  try {
    const { username, password, pathname } = new URL(value)
    return [username, password, pathname].every(part => decodeURIComponent(part) !== undefined)
  } catch {
    return false
  }
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
const pythonLevels: Record<string, string> = { warning: 'warn', critical: 'fatal' }

const traceSamplers = ['always_on', 'always_off', 'traceidratio', 'parentbased_always_on', 'parentbased_always_off', 'parentbased_traceidratio'] as const // prettier-ignore
const vectorEngines = ['qdrant', 'pgvector'] as const

export const configurationSchema = z.object({
  ENVIRONMENT: z
    .enum(['development', 'test', 'staging', 'production'])
    .default('development')
    .describe('Where this runs. `production` refuses example secrets.'),
  DEBUG: flag(false).describe('Log at debug level, whatever LOG_LEVEL says.'),
  LOG_LEVEL: z
    .string()
    .transform(value => pythonLevels[value.toLowerCase()] ?? value.toLowerCase())
    .pipe(z.enum(logLevels))
    .default('info')
    .describe('Least severe level that is logged; upper or lower case.'),
  HOST: z.string().min(1).default('0.0.0.0').describe('Address to listen on.'),
  PORT: integer(0, 65535).default(8020).describe('Port to listen on.'),

  DATABASE_URL: databaseUrl
    .optional()
    .describe('Postgres 15 or newer. Instead of it, the PG* variables can be set.')
    .meta({ secret: true }),
  PGHOST: z.string().optional().describe('Host of Postgres, when DATABASE_URL is not set.'),
  PGPORT: integer(1, 65535).default(5432).describe('Port of Postgres, with PGHOST.'),
  PGDATABASE: z.string().default('selfrag').describe('Database, with PGHOST.'),
  PGUSER: z.string().optional().describe('User, with PGHOST.'),
  PGPASSWORD: z.string().optional().describe('Password, with PGHOST.').meta({ secret: true }),
  PGSSLMODE: z
    .enum(['disable', 'prefer', 'require', 'verify-ca', 'verify-full'])
    .default('prefer')
    .describe('TLS to Postgres, with PGHOST; in DATABASE_URL it is the parameter `sslmode`.'),
  PGSSLROOTCERT: z
    .string()
    .min(1)
    .optional()
    .describe(
      'PEM file of the authority that PGSSLMODE=verify-ca and verify-full trust; in DATABASE_URL `sslrootcert`.',
    ),
  DB_POOL_SIZE: integer(1, 1000).default(20).describe('Connections that the pool keeps.'),
  DB_MAX_OVERFLOW: integer(0, 1000).default(30).describe('Connections beyond DB_POOL_SIZE under load.'),
  DB_POOL_TIMEOUT: integer(1, 600).default(30).describe('Seconds that a request waits for a connection.'),
  DB_POOL_RECYCLE: integer(1, 86_400).default(1800).describe('Seconds after which a connection is replaced.'),

  VECTOR_ENGINE: z.enum(vectorEngines).default('qdrant').describe('What keeps the vectors.'),
  QDRANT_URL: httpUrl.optional().describe('Qdrant 1.16 or newer; needed when VECTOR_ENGINE is qdrant.'),
  QDRANT_API_KEY: z.string().min(1).optional().describe('Key of Qdrant.').meta({ secret: true }),
  QDRANT_TIMEOUT_SECONDS: integer(1, 600).default(10).describe('How long one request to Qdrant may take.'),
  QDRANT_COLLECTION_PREFIX: z
    .string()
    .transform(normalizePrefix)
    .refine(value => COLLECTION_PREFIX_PATTERN.test(value), 'must be letters, digits, _ and -')
    .default('kb')
    .describe('Beginning of every collection name; a separator at its end makes no difference.'),

  ADMIN_TOKEN: z
    .string()
    .min(16, 'must have at least 16 characters')
    .optional()
    .describe('Value of the X-Admin-Token header for /admin. Without it, /admin answers 401 to everybody.')
    .meta({ secret: true }),
  ADMIN_TOKEN_PREVIOUS: z
    .string()
    .min(16, 'must have at least 16 characters')
    .optional()
    .describe('Accepted as well while ADMIN_TOKEN is being changed; remove it afterwards.')
    .meta({ secret: true }),

  ...modelVariables,

  REDIS_URL: z
    .url({ protocol: /^rediss?$/, error: 'must be a redis:// or rediss:// URL' })
    .optional()
    .describe('Redis 6 or newer, for caches that all replicas share and, with RATE_LIMIT_STORAGE, for rate limits.')
    .meta({ secret: true }),
  RATE_LIMIT_STORAGE: z
    .enum(['memory', 'redis'])
    .default('memory')
    .describe('Where rate limits are counted; `redis` needs REDIS_URL.'),
  RATE_LIMIT_PER_MINUTE: integer(1, 1_000_000)
    .default(120)
    .describe('Requests a minute of a key that has no limit of its own.'),

  CORS_ORIGINS: list.default([]).describe('Origins that browsers may call from, separated by commas; `*` = all.'),
  ALLOWED_HOSTS: list
    .default([])
    .describe('Host names that requests may name, separated by commas; empty or `*` = all. Probes are not checked.'),
  MAX_BODY_MB: integer(1, 1024)
    .default(50)
    .describe('Largest request body, and largest document that is fetched by URL, in MiB.'),
  FETCH_ALLOWED_HOSTS: list
    .default([])
    .describe(
      'Hosts that documents may be fetched from although their addresses are not public, separated by commas: names, `*.` and a name, addresses, networks such as 10.0.0.0/8.',
    ),
  FETCH_TIMEOUT_SECONDS: integer(1, 600)
    .default(30)
    .describe('How long fetching a document by URL may take, redirects included.'),

  ENABLE_EMBEDDING_CACHE: flag(true).describe('Remember the vectors of queries.'),
  EMBEDDING_CACHE_TTL: integer(1, 31_536_000).default(3600).describe('Seconds that a query vector is remembered.'),
  ENABLE_LLM_CACHE: flag(false).describe('Remember what the LLM said to the same messages at temperature 0.'),
  LLM_CACHE_TTL: integer(1, 31_536_000).default(1800).describe('Seconds that an answer of the LLM is remembered.'),
  ENABLE_RETRIEVAL_CACHE: flag(false).describe('Remember what was found, until a document or a setting changes.'),
  RETRIEVAL_CACHE_TTL: integer(1, 31_536_000).default(300).describe('Seconds that a retrieval is remembered.'),

  CHUNKING_CHUNKER: z
    .enum(chunkerNames)
    .default(chunkingSchema.shape.chunker.parse(undefined))
    .describe('Chunker of knowledge bases that choose none.'),
  CHUNKING_SIZE: integer(64, 8192).default(1000).describe('Longest chunk, in characters.'),
  CHUNKING_OVERLAP: integer(0, 4096).default(150).describe('Characters that neighbouring chunks share.'),
  CHUNKING_ENRICHERS: list
    .pipe(enrichersSchema.unwrap())
    .default(enrichersSchema.parse(undefined))
    .describe(
      'What is embedded and searched with chunks beside their text, separated by commas: `title_path`, `summary`, `llm_context`; the last two ask the LLM.',
    ),
  RETRIEVAL_DEFAULT_RETRIEVER: z
    .enum(retrieverNames)
    .default(retrievalSchema.shape.defaultRetriever.parse(undefined))
    .describe('Retriever of requests that name none.'),
  RETRIEVAL_TOP_K: integer(1, 50).default(5).describe('Results of requests that do not say how many.'),
  RETRIEVAL_SCORE_THRESHOLD: decimal(0).optional().describe('Results below this score are left out.'),
  RETRIEVAL_RERANK: z
    .enum(rerankModes)
    .default('none')
    .describe('What orders the results of requests that do not say: `model`, `llm`, `mmr`, `auto` or `none`.'),
  RETRIEVAL_QUERY_TRANSFORM: z
    .enum(queryTransformNames)
    .default('none')
    .describe('What the LLM does to questions of requests that do not say.'),
  RETRIEVAL_CONTEXT_WINDOW: integer(0, 5)
    .default(0)
    .describe('Chunks before and after each result that are given with it, in requests that do not say.'),

  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl
    .optional()
    .describe('OpenTelemetry collector that traces are sent to, by OTLP over HTTP; without one nothing is traced.'),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: httpUrl.optional().describe('The whole URL for traces, instead of that.'),
  OTEL_EXPORTER_OTLP_HEADERS: z
    .string()
    .optional()
    .describe('Headers for the collector: `name=value`, separated by commas.')
    .meta({ secret: true }),
  OTEL_SERVICE_NAME: z.string().min(1).optional().describe('Name in traces; default selfrag-api or selfrag-worker.'),
  OTEL_RESOURCE_ATTRIBUTES: z.string().optional().describe('More facts about this process: `name=value`, by commas.'),
  OTEL_TRACES_SAMPLER: z
    .enum(traceSamplers)
    .default('parentbased_always_on')
    .describe('Which traces are recorded; those that a caller has begun by default go on.'),
  OTEL_TRACES_SAMPLER_ARG: decimal(0).pipe(z.number().max(1)).default(1).describe('Share of traces, for the samplers with a ratio.'), // prettier-ignore
  OTEL_SDK_DISABLED: flag(false).describe('Trace nothing, whatever the others say.'),

  METRICS_TENANT_LABEL: flag(false).describe(
    'Workers show quotas and their use for each tenant in /metrics: two series a quota and tenant.',
  ),
  AUDIT_RETENTION_DAYS: integer(1, 3650)
    .default(90)
    .describe('Days that rows of the audit log are kept; the worker removes older ones every night.'),
  SCHEDULED_MAINTENANCE: z
    .enum(['weekly', 'off'])
    .default('weekly')
    .describe('Whether the worker does every Sunday night what `selfrag maintain` does: compares rows and points, rebuilds broken indexes, VACUUM (ANALYZE).'), // prettier-ignore
  SCHEDULED_ISOLATION_CHECK: z
    .enum(['daily', 'off'])
    .default('daily')
    .describe('Whether the worker has every tenant try each night to reach what is not its own. An operator does so itself.'), // prettier-ignore
  WORKER_CONCURRENCY: integer(1, 64).default(2).describe('Documents that one worker handles at the same time.'),
  SHUTDOWN_GRACE_SECONDS: integer(1, 600)
    .default(20)
    .describe('How long requests and jobs in flight may take to end after SIGTERM.'),
})

export type Environment = z.infer<typeof configurationSchema>
export type VariableName = keyof Environment

/** The configuration after checks that span variables. */
export type Configuration = Environment & { readonly chunking: z.infer<typeof chunkingSchema> }

/** Secrets that stand in the guide or in samples; nobody may go to production with one. */
const exampleSecrets = /^(your-|change-?me|example|secret|password|kb$|sk-your)/i

export type ConfigurationResult =
  | { readonly ok: true; readonly configuration: Configuration }
  /** One line a fault, naming the variable and what to set instead; never a secret's value. */
  | { readonly ok: false; readonly faults: readonly string[] }

/** Reads an environment. Empty variables count as unset, as they do in Compose files. Pure. */
export function parseConfiguration(env: Readonly<Record<string, string | undefined>>): ConfigurationResult {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = configurationSchema.safeParse(present)
  if (!parsed.success) return { ok: false, faults: parsed.error.issues.map(issue => describeIssue(issue, present)) }
  const faults = crossFaults(parsed.data)
  const chunking = chunkingSchema.safeParse({
    chunker: parsed.data.CHUNKING_CHUNKER,
    chunkSize: parsed.data.CHUNKING_SIZE,
    chunkOverlap: parsed.data.CHUNKING_OVERLAP,
    enrichers: parsed.data.CHUNKING_ENRICHERS,
  })
  if (!chunking.success) faults.push('CHUNKING_OVERLAP: must be at most half of CHUNKING_SIZE')
  if (faults.length > 0 || !chunking.success) return { ok: false, faults }
  return { ok: true, configuration: { ...parsed.data, chunking: chunking.data } }
}

function describeIssue(issue: z.core.$ZodIssue, env: Readonly<Record<string, string | undefined>>): string {
  const name = String(issue.path[0])
  const meta = configurationSchema.shape[name as VariableName].meta()
  // A URL may carry a password, so only values that cannot be secret are repeated.
  const shown = meta?.['secret'] || name.endsWith('_URL') ? '' : ` (got ${JSON.stringify(env[name])})`
  return `${name}: ${issue.message}${shown}`
}

/** Faults that only show when variables are seen together. */
function crossFaults(env: Environment): string[] {
  const faults: string[] = []
  if (!env.DATABASE_URL && !env.PGHOST) faults.push('DATABASE_URL: must be set (or PGHOST, PGUSER and PGPASSWORD)')
  if (!env.DATABASE_URL && env.PGHOST && !env.PGUSER) faults.push('PGUSER: must be set when PGHOST is')
  if (env.VECTOR_ENGINE === 'qdrant' && !env.QDRANT_URL)
    faults.push('QDRANT_URL: must be set (or VECTOR_ENGINE=pgvector to keep vectors in Postgres)')
  if (env.RATE_LIMIT_STORAGE === 'redis' && !env.REDIS_URL)
    faults.push('REDIS_URL: must be set when RATE_LIMIT_STORAGE is redis')
  if (env.ADMIN_TOKEN_PREVIOUS && !env.ADMIN_TOKEN) faults.push('ADMIN_TOKEN: must be set when ADMIN_TOKEN_PREVIOUS is')
  const asking = askingLlm(env.CHUNKING_ENRICHERS)
  if (asking.length > 0 && env.LLM_PROVIDER === 'none')
    faults.push(`CHUNKING_ENRICHERS: ${asking.join(' and ')} ask the LLM; set LLM_PROVIDER and LLM_MODEL`)
  faults.push(...modelFaults(env))
  if (env.ENVIRONMENT === 'production') faults.push(...exampleSecretFaults(env))
  return faults
}

function exampleSecretFaults(env: Environment): string[] {
  const secrets: Record<string, string | undefined> = {
    ADMIN_TOKEN: env.ADMIN_TOKEN,
    ADMIN_TOKEN_PREVIOUS: env.ADMIN_TOKEN_PREVIOUS,
    QDRANT_API_KEY: env.QDRANT_API_KEY,
    ...modelKeys(env),
    PGPASSWORD: env.PGPASSWORD,
    'the password in DATABASE_URL': passwordIn(env.DATABASE_URL),
    'the password in REDIS_URL': passwordIn(env.REDIS_URL),
  }
  return Object.entries(secrets)
    .filter(([, value]) => value !== undefined && exampleSecrets.test(value))
    .map(([name]) => `${name}: is an example value; production needs a secret of its own`)
}

function passwordIn(url: string | undefined): string | undefined {
  return url === undefined ? undefined : new URL(url).password
}
