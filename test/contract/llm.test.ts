import { OllamaLlm } from '../../api/providers/llms/ollama.ts'
import { OpenAiLlm } from '../../api/providers/llms/openai.ts'
import { llmContract } from './llm.ts'

const model = 'scripted-chat'

llmContract(
  'openai',
  (server, settings) => new OpenAiLlm({ model, ...settings }, { provider: 'openai', baseUrl: server.openAiUrl }),
)
llmContract('ollama', (server, settings) => new OllamaLlm({ model, ...settings }, { baseUrl: server.url }))
