import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { createEmbedder } from '../../api/providers/embedders/index.ts'
import { createLlm } from '../../api/providers/llms/index.ts'
import type { Completion, Llm } from '../../api/providers/llms/llm.ts'
import { llmProviders, modelProviders } from '../../api/contract/model-providers.ts'
import { type ModelServer, startModelServer } from '../support/model-server.ts'
import { readStream } from '../support/read-stream.ts'
import { providerManners } from './provider-manners.ts'

const REASONING = 'The user asks for a wing. Let me think about wings.'
const ANSWER = 'You said: Which wing?'
/** More than any provider takes at once, one of them empty and one long. */
const TEXTS = Array.from({ length: 130 }, (_, index) => (index === 7 ? '' : `text ${index} ${'about wings '.repeat(index === 9 ? 600 : 60)}`)) // prettier-ignore

const machine = { cacheDir: '/nonexistent', threads: 1, download: { fetch: () => Promise.reject(new Error('offline')), hubUrl: 'http://hub', mavenCommand: null } } // prettier-ignore

/** Each provider by its own name, with all that is peculiar to it, against a server that is as strict as the provider. */
describe('providers, each by its name', () => {
  let server: ModelServer
  before(async () => void (server = await startModelServer()))
  after(() => server.close())

  it('are all here', () => {
    expect(['none', 'ollama', ...Object.keys(providerManners)].toSorted()).to.deep.equal(llmProviders.toSorted())
  })

  for (const [name, manners] of Object.entries(providerManners)) {
    const provider = name as keyof typeof providerManners
    const connection = () => ({
      provider,
      baseUrl: modelProviders[provider].protocol === 'azure' ? server.url : server.openAiUrl,
      apiKey: `sk-${provider}`,
      apiVersion: '2024-10-21',
      timeoutMs: 5000,
      retries: { attempts: 1, baseDelayMs: 1, longestDelayMs: 1 },
    })
    const strict = (script: object = {}) => server.reset({ refuse: asked => manners.refuse(asked), ...script })

    for (const model of manners.llms)
      it(`${provider}: ${model} answers as it is asked here, without what it thought`, async () => {
        const llm = createLlm({ ...connection(), model })!
        const messages = [{ role: 'user', content: 'Which wing?' }] as const
        for (const ask of [complete, stream]) {
          strict({ reasoning: REASONING })
          expect((await ask(llm, { messages, temperature: 0, maxTokens: 1024 })).text).to.equal(ANSWER)
          strict({ reply: () => `<think>${REASONING}</think>\n\n${ANSWER}` })
          expect((await ask(llm, { messages })).text).to.equal(ANSWER)
          strict({ reply: () => '{"wing": 1}' })
          expect((await ask(llm, { messages, temperature: 0, json: true })).text).to.equal('{"wing": 1}')
        }
      })

    const { embedding } = manners
    if (embedding)
      it(`${provider}: ${embedding.model} embeds many texts at ${embedding.dimension} dimensions`, async () => {
        const { model, dimension, native } = embedding
        const { embedder } = await createEmbedder({ ...connection(), provider: provider as never, model, dimension, batchSize: 2048 }, machine) // prettier-ignore
        strict({ dimension: native })
        const vectors = await embedder!.embed(TEXTS, 'document')
        expect(vectors.map(({ length }) => length)).to.deep.equal(TEXTS.map(() => dimension))
        const sizes = server.seen.map(({ body }) => (body['input'] as string[]).length)
        expect(
          sizes.reduce((sum, size) => sum + size, 0),
          'nothing is sent twice',
        ).to.equal(TEXTS.length)
        await embedder!.close()
      })
  }
})

type Ask = Parameters<Llm['complete']>[0]

const complete = (llm: Llm, request: Ask): Promise<Completion> => llm.complete(request)

/** The completion, which says what the pieces have said. */
async function stream(llm: Llm, request: Ask): Promise<Completion> {
  const { pieces, result } = await readStream(llm.stream(request))
  expect(pieces.join('')).to.equal(result.text)
  return result
}
