import { ollamaEmbedder } from '../../api/providers/embedders/ollama.ts'
import { openAiEmbedder } from '../../api/providers/embedders/openai.ts'
import { startModelServer } from '../support/model-server.ts'
import { embedderContract } from './embedder.ts'

const settings = { model: 'scripted-embedding', batchSize: 32, timeoutMs: 5000 }

embedderContract('openai', async () => {
  const server = await startModelServer({ dimension: 64 })
  const make = (dimension: number) =>
    openAiEmbedder({ ...settings, dimension }, { provider: 'openai', baseUrl: server.openAiUrl, apiKey: 'sk-test' })
  return { embedder: make(64), mistaken: make, stop: () => server.close() }
})

embedderContract('ollama', async () => {
  const server = await startModelServer({ dimension: 64 })
  const make = (dimension: number) => ollamaEmbedder({ ...settings, dimension }, { baseUrl: server.url })
  return { embedder: make(64), mistaken: make, stop: () => server.close() }
})
