import { expect } from 'chai'
import { describe, it } from 'mocha'
import { parseConfiguration } from '../../../api/contract/configuration.ts'
import { createEmbedder } from '../../../api/providers/embedders/index.ts'
import { embedderSettings } from '../../../api/providers/embedders/settings.ts'
import { createLlm } from '../../../api/providers/llms/index.ts'
import { llmSettings, llmSettingsOf } from '../../../api/providers/llms/settings.ts'
import { createReranker } from '../../../api/providers/rerankers/index.ts'
import { rerankerSettings } from '../../../api/providers/rerankers/settings.ts'
import { EmbeddingDimensionError, ProviderError } from '../../../api/providers/provider-error.ts'

const machine = {
  cacheDir: '/nonexistent/selfrag',
  threads: 1,
  download: { fetch: () => Promise.reject(new Error('offline')), hubUrl: 'http://hub', mavenCommand: null },
}

function environment(env: Record<string, string>) {
  const result = parseConfiguration({ DATABASE_URL: 'postgresql://x/y', VECTOR_ENGINE: 'pgvector', ...env })
  if (!result.ok) throw new Error(result.faults.join('\n'))
  return result.configuration
}

function faults(env: Record<string, string>): readonly string[] {
  const result = parseConfiguration({ DATABASE_URL: 'postgresql://x/y', VECTOR_ENGINE: 'pgvector', ...env })
  return result.ok ? [] : result.faults
}

describe('providers from the environment', () => {
  const embedder = (env: Record<string, string>) => createEmbedder(embedderSettings(environment(env)), machine)

  it('makes none when told so', async () => {
    expect(await embedder({ EMBEDDING_PROVIDER: 'none' })).to.deep.equal({ embedder: null, reason: 'EMBEDDING_PROVIDER is none' }) // prettier-ignore
    expect(createLlm(llmSettings(environment({})))).to.equal(null)
  })

  it('says why there is no local model, and goes on without', async () => {
    const result = await embedder({ MODELS_DIR: '/nonexistent/models' })
    expect(result.embedder).to.equal(null)
    expect('reason' in result && result.reason)
      .to.include('/nonexistent/models')
      .and.include('offline')
  })

  it('refuses local models that it does not know, and wrong dimensions of those it knows', async () => {
    const failure = (env: Record<string, string>) => embedder(env).catch((error: unknown) => error)
    const unknown = await failure({ EMBEDDING_MODEL: 'some/other' })
    expect(unknown).to.be.instanceOf(ProviderError)
    expect((unknown as Error).message)
      .to.include('some/other')
      .and.include('bge-small-en-v1.5')
    const wrong = await failure({ EMBEDDING_DIM: '768' })
    expect(wrong).to.be.instanceOf(EmbeddingDimensionError)
    expect((wrong as Error).message)
      .to.include('384')
      .and.include('768')
  })

  it('prefers the own address and key of a use to the shared ones', () => {
    const env = { OPENAI_BASE_URL: 'http://shared/v1', OPENAI_API_KEY: 'shared', LLM_PROVIDER: 'openai', LLM_MODEL: 'm', EMBEDDING_PROVIDER: 'openai' } // prettier-ignore
    expect(llmSettings(environment(env))).to.include({
      baseUrl: 'http://shared/v1',
      apiKey: 'shared',
      timeoutMs: 60_000,
    })
    const own = { ...env, LLM_BASE_URL: 'http://own/v1', LLM_API_KEY: 'own', EMBEDDING_BASE_URL: 'http://vectors/v1' }
    expect(llmSettings(environment(own))).to.include({ baseUrl: 'http://own/v1', apiKey: 'own' })
    expect(embedderSettings(environment(own))).to.include({ baseUrl: 'http://vectors/v1', apiKey: 'shared', batchSize: 32 }) // prettier-ignore
  })

  it('gives the key and address of a use to its own provider alone', () => {
    const env = { LLM_PROVIDER: 'deepseek', LLM_MODEL: 'deepseek-chat', LLM_API_KEY: 'sk-deepseek', LLM_CHOICES: 'qwen:qwen-plus', DASHSCOPE_API_KEY: 'sk-qwen' } // prettier-ignore
    const read = environment(env)
    expect(llmSettings(read)).to.include({ baseUrl: 'https://api.deepseek.com', apiKey: 'sk-deepseek' })
    expect(llmSettingsOf(read, read.LLM_CHOICES[0]!)).to.include({ provider: 'qwen', model: 'qwen-plus', apiKey: 'sk-qwen' }) // prettier-ignore
  })

  it('refuses at the start what would be refused at every call, and says what to set', () => {
    expect(faults({ LLM_PROVIDER: 'gemini', LLM_MODEL: 'm' })).to.deep.equal(['GEMINI_API_KEY: must be set when LLM_PROVIDER is gemini']) // prettier-ignore
    expect(faults({ LLM_PROVIDER: 'azure', LLM_MODEL: 'm' })).to.deep.equal(['AZURE_OPENAI_ENDPOINT: must be set when LLM_PROVIDER is azure']) // prettier-ignore
    expect(faults({ LLM_PROVIDER: 'azure', LLM_MODEL: 'm', AZURE_OPENAI_ENDPOINT: 'https://a.openai.azure.com' })).to.deep.equal(['AZURE_OPENAI_API_KEY: must be set when LLM_PROVIDER is azure']) // prettier-ignore
    expect(faults({ RERANK_PROVIDER: 'cohere' })).to.deep.equal(['RERANK_MODEL: must be set when RERANK_PROVIDER is cohere', 'COHERE_API_KEY: must be set when RERANK_PROVIDER is cohere']) // prettier-ignore
    expect(faults({ LLM_CHOICES: 'kimi:k2, kimi:k3' })).to.deep.equal(['MOONSHOT_API_KEY: must be set when LLM_CHOICES names kimi']) // prettier-ignore
    expect(faults({ LLM_CHOICES: 'gpt-4o' })[0]).to.match(/LLM_CHOICES: must be provider:model.*"gpt-4o" is not/)
    expect(faults({ LLM_CHOICES: 'cohere:command' })[0]).to.include('"cohere:command" is not')
    expect(faults({ EMBEDDING_PROVIDER: 'deepseek' })[0]).to.include('EMBEDDING_PROVIDER')
    // A gateway at another address may want none.
    expect(faults({ LLM_PROVIDER: 'gemini', LLM_MODEL: 'm', LLM_BASE_URL: 'http://gateway/v1' })).to.deep.equal([])
  })

  it('makes rerankers, or none', () => {
    expect(createReranker(rerankerSettings(environment({})))).to.equal(null)
    const cohere = { RERANK_PROVIDER: 'cohere', RERANK_MODEL: 'rerank-v3.5', COHERE_API_KEY: 'sk-cohere' }
    expect(rerankerSettings(environment(cohere))).to.include({ baseUrl: 'https://api.cohere.com/v2', apiKey: 'sk-cohere', timeoutMs: 15_000 }) // prettier-ignore
    expect(createReranker(rerankerSettings(environment(cohere)))).to.include({ provider: 'cohere', model: 'rerank-v3.5' }) // prettier-ignore
  })

  it('makes remote ones without calling them', async () => {
    const { embedder: made } = await embedder({ EMBEDDING_PROVIDER: 'ollama', EMBEDDING_MODEL: 'bge-m3', EMBEDDING_DIM: '1024' }) // prettier-ignore
    expect(made).to.include({ provider: 'ollama', model: 'bge-m3', dimension: 1024 })
    const llm = createLlm(llmSettings(environment({ LLM_PROVIDER: 'ollama', LLM_MODEL: 'qwen3' })))
    expect(llm).to.include({ provider: 'ollama', model: 'qwen3' })
  })
})
