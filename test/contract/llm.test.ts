import { createLlm } from '../../api/providers/llms/index.ts'
import { OllamaLlm } from '../../api/providers/llms/ollama.ts'
import { OpenAiLlm } from '../../api/providers/llms/openai.ts'
import { llmContract } from './llm.ts'

const model = 'scripted-chat'

llmContract(
  'openai',
  (server, settings) => new OpenAiLlm({ model, ...settings }, { provider: 'openai', baseUrl: server.openAiUrl }),
)
// The other names are the same client; what is peculiar to each of them: provider-manners.test.ts.
llmContract('azure', (server, settings) =>
  createLlm({ ...settings, provider: 'azure', model, baseUrl: server.url, apiKey: 'k', apiVersion: '2024-10-21' })!,
)
llmContract('ollama', (server, settings) => new OllamaLlm({ model, ...settings }, { baseUrl: server.url }))
