import { expect } from 'chai'
import { describe, it } from 'mocha'
import { type Configuration, parseConfiguration } from '../../api/contract/configuration.ts'

type Variables = Record<string, string | undefined>

const complete: Variables = {
  DATABASE_URL: 'postgresql://selfrag:s3cr3t-value@db:5432/selfrag',
  QDRANT_URL: 'http://qdrant:6333/',
}

function read(variables: Variables): Configuration {
  const result = parseConfiguration({ ...complete, ...variables })
  if (!result.ok) throw new Error(result.faults.join('\n'))
  return result.configuration
}

function faults(variables: Variables): readonly string[] {
  const result = parseConfiguration({ ...complete, ...variables })
  return result.ok ? [] : result.faults
}

describe('the configuration', () => {
  it('needs a database and a vector store; the rest has defaults', () => {
    expect(read({})).to.deep.include({
      PORT: 8020,
      QDRANT_URL: 'http://qdrant:6333',
      QDRANT_COLLECTION_PREFIX: 'kb',
      EMBEDDING_PROVIDER: 'local',
      LLM_PROVIDER: 'none',
      MAX_BODY_MB: 50,
      CORS_ORIGINS: [],
      chunking: { chunker: 'recursive', chunkSize: 1000, chunkOverlap: 150, enrichers: ['title_path'] },
    })
    expect(parseConfiguration({}).ok).to.equal(false)
    expect(faults({ DATABASE_URL: undefined })).to.deep.equal(['DATABASE_URL: must be set (or PGHOST, PGUSER and PGPASSWORD)']) // prettier-ignore
    expect(faults({ DATABASE_URL: undefined, PGHOST: 'db' })).to.deep.equal(['PGUSER: must be set when PGHOST is'])
    expect(faults({ QDRANT_URL: undefined })[0]).to.match(/^QDRANT_URL: must be set/)
    expect(faults({ QDRANT_URL: undefined, VECTOR_ENGINE: 'pgvector' })).to.deep.equal([])
  })

  it('takes an empty variable for one that is not set, as Compose files have them', () => {
    expect(read({ PORT: '', QDRANT_API_KEY: '', CORS_ORIGINS: '' })).to.deep.include({ PORT: 8020, CORS_ORIGINS: [] })
  })

  it('reads what the original service was configured with', () => {
    const original = read({
      DATABASE_URL: 'postgresql+asyncpg://u:p@h/d',
      QDRANT_COLLECTION_PREFIX: 'kb_',
      LOG_LEVEL: 'WARNING',
      DEBUG: 'true',
      CORS_ORIGINS: 'https://a.example, https://b.example ,',
    })
    expect(original).to.deep.include({
      DATABASE_URL: 'postgresql://u:p@h/d',
      QDRANT_COLLECTION_PREFIX: 'kb',
      LOG_LEVEL: 'warn',
      DEBUG: true,
      CORS_ORIGINS: ['https://a.example', 'https://b.example'],
    })
  })

  it('tells every fault in a line of its own, with what was set, and never a secret', () => {
    const all = faults({ PORT: '80x', LOG_LEVEL: 'loud', ADMIN_TOKEN: 'short', DATABASE_URL: 'mysql://u:hidden@h/d', RETRIEVAL_TOP_K: '51' }) // prettier-ignore
    expect(all.map(line => line.split(':')[0])).to.have.members(['PORT', 'LOG_LEVEL', 'ADMIN_TOKEN', 'DATABASE_URL', 'RETRIEVAL_TOP_K']) // prettier-ignore
    expect(all).to.include('PORT: must be a whole number (got "80x")')
    expect(all.join()).not.to.match(/short|hidden/)
  })

  it('tells what only shows when variables are seen together', () => {
    expect(faults({ RATE_LIMIT_STORAGE: 'redis' })).to.deep.equal(['REDIS_URL: must be set when RATE_LIMIT_STORAGE is redis']) // prettier-ignore
    expect(faults({ LLM_PROVIDER: 'ollama' })).to.deep.equal(['LLM_MODEL: must be set when LLM_PROVIDER is ollama'])
    expect(faults({ CHUNKING_ENRICHERS: 'summary, llm_context' })).to.deep.equal([
      'CHUNKING_ENRICHERS: summary and llm_context ask the LLM; set LLM_PROVIDER and LLM_MODEL',
    ])
    expect(faults({ CHUNKING_SIZE: '200' })).to.deep.equal(['CHUNKING_OVERLAP: must be at most half of CHUNKING_SIZE'])
  })

  it('refuses a database URL whose parts cannot be decoded, before anything breaks on it', () => {
    for (const ENVIRONMENT of ['development', 'production']) {
      const [fault] = faults({ ENVIRONMENT, DATABASE_URL: 'postgresql://u:100%-sure@h/d' })
      expect(fault).to.match(/^DATABASE_URL: must be a postgresql:\/\/ URL, with % in its parts written as %25$/)
    }
    expect(read({ DATABASE_URL: 'postgresql://u:100%25-sure@h/d' }).DATABASE_URL).to.include('100%25')
  })

  it('refuses example secrets in production only', () => {
    const examples = {
      ADMIN_TOKEN: 'change-me-please-now',
      OPENAI_API_KEY: 'your-key',
      LLM_API_KEY: 'example',
      EMBEDDING_API_KEY: 'sk-your-key',
      QDRANT_API_KEY: 'secret',
      DATABASE_URL: 'postgresql://u:changeme@h/d',
      REDIS_URL: 'redis://:change-me-redis@redis:6379/0',
    }
    expect(faults(examples)).to.deep.equal([])
    const refused = faults({ ...examples, ENVIRONMENT: 'production' })
    expect(refused).to.have.length(7)
    for (const line of refused) expect(line).to.include('is an example value')
    expect(refused.map(line => line.split(':')[0])).to.include('the password in REDIS_URL')
    expect(faults({ ENVIRONMENT: 'production', ADMIN_TOKEN: 'b7f3a91c5d2e4f60' })).to.deep.equal([])
  })
})
