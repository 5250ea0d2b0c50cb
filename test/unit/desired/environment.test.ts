import { expect } from 'chai'
import { describe, it } from 'mocha'
import { configurationSchema, parseConfiguration, type Configuration } from '../../../api/contract/configuration.ts'
import { reservedVariableNames } from '../../../crds/reserved-variables.ts'
import type { RagPipeline } from '../../../crds/rag-pipeline.ts'
import { desiredObjects } from '../../../operator/desired/index.ts'
import type { ConfigMap } from '../../../operator/desired/config-map.ts'
import type { Deployment } from '../../../operator/desired/deployment.ts'
import { maximalSpec, pipeline } from '../../support/pipelines.ts'

const context = { image: 'selfrag-api:test', secretsChecksum: 'abc', addresses: [] }

/** What people put into the Secrets. */
const secretValues: Record<string, string> = {
  'demo-postgres/url': 'postgresql+asyncpg://u:p4ss-0123456789@pg:5432/selfrag',
  'pg/user': 'selfrag-user',
  'pg/pass': 'p4ss-0123456789',
  'qdrant/api-key': 'qdrant-0123456789',
  'redis/url': 'redis://:p4ss@redis:6379/0',
  'models/embedding': 'embedding-0123456789',
  'models/llm': 'llm-0123456789',
  'models/reranker': 'reranker-0123456789',
  'openai/token': 'openai-0123456789',
  'demo-admin-token/token': 'admin-token-0123456789',
}

/** The environment that kubelet would give the container, from the rendered objects alone. */
function containerEnvironment(
  from: RagPipeline,
  component: 'api' | 'worker',
  replaced: Record<string, string> = {},
): Record<string, string> {
  const objects = desiredObjects(from, context)
  const named = (kind: string, name: string) =>
    objects.find(object => object.kind === kind && object.metadata.name === name)
  const deployment = named('Deployment', `demo-${component}`) as Deployment
  const container = deployment.spec.template.spec?.containers[0]
  const environment: Record<string, string> = {}
  for (const { configMapRef } of container?.envFrom ?? []) {
    Object.assign(environment, (named('ConfigMap', configMapRef?.name ?? '') as ConfigMap).data)
  }
  for (const { name, value, valueFrom } of container?.env ?? []) {
    const reference = valueFrom?.secretKeyRef
    const secret = reference ? { ...secretValues, ...replaced }[`${reference.name}/${reference.key}`] : value
    if (secret === undefined)
      throw new Error(`${name} refers to ${reference?.name}/${reference?.key}, which is not there`)
    environment[name] = secret
  }
  return environment
}

function parsed(environment: Record<string, string>): Configuration {
  const result = parseConfiguration(environment)
  if (!result.ok) throw new Error(result.faults.join('\n'))
  return result.configuration
}

describe('the environment that the operator renders and the API reads', () => {
  const specs: Record<string, Record<string, unknown>> = {
    'the smallest pipeline': {},
    'a pipeline with everything': maximalSpec,
    'pgvector and no embedding': { vectors: { engine: 'pgvector' }, models: { embedding: { provider: 'none' } } },
  }
  for (const [what, spec] of Object.entries(specs)) {
    for (const component of ['api', 'worker'] as const) {
      it(`${what}: the ${component} accepts it and reads every variable of it`, () => {
        const environment = containerEnvironment(pipeline(spec), component)
        parsed(environment)
        expect(Object.keys(configurationSchema.shape)).to.include.members(Object.keys(environment))
      })
    }
  }

  it('sets every variable that users may not set, and no other but ENVIRONMENT', () => {
    const withHost = containerEnvironment(pipeline({ ...maximalSpec, api: {}, worker: {} }), 'api')
    const withUrl = containerEnvironment(pipeline(), 'api')
    const rendered = new Set([...Object.keys(withHost), ...Object.keys(withUrl)])
    rendered.delete('ENVIRONMENT')
    expect([...rendered].sort()).to.deep.equal([...reservedVariableNames].sort())
  })

  it('carries each value of a maximal pipeline to the setting of its name', () => {
    expect(parsed(containerEnvironment(pipeline(maximalSpec), 'api'))).to.deep.include({
      ENVIRONMENT: 'production',
      HOST: '0.0.0.0',
      PORT: 8020,
      LOG_LEVEL: 'debug',
      PGHOST: 'pg.example.org',
      PGPORT: 6432,
      PGDATABASE: 'rag',
      PGSSLMODE: 'verify-full',
      PGUSER: 'selfrag-user',
      PGPASSWORD: 'p4ss-0123456789',
      DB_POOL_SIZE: 3,
      DB_MAX_OVERFLOW: 8,
      VECTOR_ENGINE: 'qdrant',
      QDRANT_URL: 'https://qdrant.example.org:6333',
      QDRANT_API_KEY: 'qdrant-0123456789',
      QDRANT_COLLECTION_PREFIX: 'team-a',
      REDIS_URL: 'redis://:p4ss@redis:6379/0',
      RATE_LIMIT_STORAGE: 'redis',
      RATE_LIMIT_PER_MINUTE: 33,
      EMBEDDING_PROVIDER: 'openai',
      EMBEDDING_MODEL: 'text-embedding-3-small',
      EMBEDDING_DIM: 1536,
      EMBEDDING_BASE_URL: 'https://models.example.org/v1',
      EMBEDDING_API_KEY: 'embedding-0123456789',
      EMBEDDING_BATCH_SIZE: 64,
      LLM_PROVIDER: 'ollama',
      LLM_MODEL: 'llama3.1',
      LLM_BASE_URL: 'http://ollama.example.org:11434',
      LLM_API_KEY: 'llm-0123456789',
      LLM_FALLBACKS: [{ provider: 'vllm', model: 'llama3.1' }],
      LLM_CHOICES: [
        { provider: 'openai', model: 'gpt-4o-mini' },
        { provider: 'vllm', model: 'Qwen/Qwen3-8B' },
      ],
      RERANK_PROVIDER: 'cohere',
      RERANK_MODEL: 'rerank-v3.5',
      RERANK_BASE_URL: 'https://rerank.example.org/v2',
      RERANK_API_KEY: 'reranker-0123456789',
      RERANK_CHOICES: [{ provider: 'vllm', model: 'BAAI/bge-reranker-v2-m3' }],
      CHUNKING_CHUNKER: 'sentence',
      CHUNKING_SIZE: 640,
      CHUNKING_OVERLAP: 64,
      RETRIEVAL_DEFAULT_RETRIEVER: 'dense',
      RETRIEVAL_TOP_K: 9,
      RETRIEVAL_SCORE_THRESHOLD: 0.25,
      ENABLE_EMBEDDING_CACHE: false,
      EMBEDDING_CACHE_TTL: 60,
      ENABLE_LLM_CACHE: true,
      LLM_CACHE_TTL: 61,
      ENABLE_RETRIEVAL_CACHE: true,
      RETRIEVAL_CACHE_TTL: 62,
      CORS_ORIGINS: ['https://a.example.org', 'https://b.example.org'],
      ALLOWED_HOSTS: ['api.example.org', 'rag.example.org'],
      ADMIN_TOKEN: 'admin-token-0123456789',
      WORKER_CONCURRENCY: 7,
      MAX_BODY_MB: 10,
      OPENAI_API_KEY: 'openai-0123456789',
    })
  })

  it('changes exactly the setting whose field changes', () => {
    const fields: [spec: Record<string, unknown>, variables: string[]][] = [
      [{ logLevel: 'warn' }, ['LOG_LEVEL']],
      [{ retrieval: { topK: 12 } }, ['RETRIEVAL_TOP_K']],
      [{ worker: { concurrency: 9 } }, ['WORKER_CONCURRENCY']],
      [{ caching: { embedding: { ttlSeconds: 7 } } }, ['EMBEDDING_CACHE_TTL']],
      [{ rateLimit: { requestsPerMinute: 7 } }, ['RATE_LIMIT_PER_MINUTE']],
      [{ models: { embedding: { batchSize: 8 } } }, ['EMBEDDING_BATCH_SIZE']],
      [{ redis: { urlSecretRef: { name: 'redis' } } }, ['RATE_LIMIT_STORAGE', 'REDIS_URL']],
      [{ models: { llm: { provider: 'openai', model: 'm' } } }, ['LLM_MODEL', 'LLM_PROVIDER']],
      [{ models: { llm: { choices: ['ollama:qwen3'] } } }, ['LLM_CHOICES']],
      [{ models: { reranker: { provider: 'vllm', model: 'm' } } }, ['RERANK_MODEL', 'RERANK_PROVIDER']],
    ]
    const before = containerEnvironment(pipeline(), 'api')
    for (const [spec, variables] of fields) {
      const after = containerEnvironment(pipeline(spec), 'api')
      const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
        name => before[name] !== after[name],
      )
      expect(changed.sort(), JSON.stringify(spec)).to.deep.equal(variables)
    }
  })

  it('names collections after the pipeline when the resource names no prefix', () => {
    expect(containerEnvironment(pipeline(), 'api')).to.include({ QDRANT_COLLECTION_PREFIX: 'demo' })
  })

  it('takes the example secrets of the samples nowhere but outside production', () => {
    const example = { 'demo-postgres/url': 'postgresql://selfrag:change-me@postgres:5432/selfrag' }
    const env = [{ name: 'ENVIRONMENT', value: 'development' }]
    const result = parseConfiguration(containerEnvironment(pipeline(), 'api', example))
    expect(result).to.have.deep.property('faults', ['the password in DATABASE_URL: is an example value; production needs a secret of its own']) // prettier-ignore
    const development = containerEnvironment(pipeline({ api: { env } }), 'api', example)
    expect(parsed(development).ENVIRONMENT).to.equal('development')
  })
})
