import { expect } from 'chai'
import { describe, it } from 'mocha'
import { modelProviders, rerankProviders } from '../../api/contract/model-providers.ts'
import { createReranker } from '../../api/providers/rerankers/index.ts'
import { startModelServer } from '../support/model-server.ts'
import { rerankerContract } from './reranker.ts'

const providers = rerankProviders.filter(name => name !== 'none')

for (const provider of providers)
  rerankerContract(provider, (server, settings) =>
    createReranker({ ...settings, provider, model: 'scripted-rerank', baseUrl: server.openAiUrl, apiKey: 'sk-1' })!,
  )

describe('rerankers', () => {
  it('send the key as a bearer, and leave the texts out of the answer where that is possible', async () => {
    const server = await startModelServer()
    for (const provider of providers) {
      const settings = { provider, model: 'm', baseUrl: server.openAiUrl, apiKey: `sk-${provider}`, timeoutMs: 1000 }
      await createReranker(settings)!.rerank({ query: 'q', texts: ['t'] })
      const { path, headers, body } = server.seen.at(-1)!
      expect(path).to.equal('/v1/rerank')
      expect(headers.authorization).to.equal(`Bearer sk-${provider}`)
      expect(body['return_documents']).to.equal(modelProviders[provider].rerank?.returnsDocuments ? false : undefined)
    }
    await server.close()
  })
})
