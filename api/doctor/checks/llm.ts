import { createLlm } from '../../providers/llms/index.ts'
import { llmSettings } from '../../providers/llms/settings.ts'
import { type Check, failed, type Finding, ok, skipped } from '../check.ts'
import { plain } from '../run-checks.ts'

/** The language model answers one short question. */
export const llmCheck: Check = {
  name: 'llm',
  timeoutMs: ({ configuration }) => configuration.LLM_TIMEOUT_SECONDS * 1000 + 2000,
  async examine({ configuration }, signal) {
    const llm = createLlm(llmSettings(configuration))
    if (!llm) return skipped('LLM_PROVIDER is none: answers are sentences of the documents')
    const about = `${llm.provider}: ${llm.model}`
    const started = performance.now()
    try {
      await llm.complete({ messages: [{ role: 'user', content: 'Answer with the word yes.' }], maxTokens: 8, signal })
      return ok(`${about}, ${Math.round(performance.now() - started)} ms`)
    } catch (error) {
      return explain(`${about}: ${plain(error)}`, performance.now() - started, configuration.LLM_TIMEOUT_SECONDS)
    }
  },
}

function explain(message: string, milliseconds: number, seconds: number): Finding {
  if (milliseconds >= seconds * 1000 - 100)
    return failed(message, `no answer in LLM_TIMEOUT_SECONDS (${seconds}): the model is loading, too large for its machine, or a proxy holds the answer back`, 'ask it yourself (curl …/api/tags, …/v1/models); choose a smaller model or raise LLM_TIMEOUT_SECONDS; let applications stream') // prettier-ignore
  if (/\b40[13]\b|key/i.test(message)) return failed(message, 'the provider does not take the key', 'set OPENAI_API_KEY or LLM_API_KEY to one that is valid and paid for') // prettier-ignore
  if (/\b404\b|not found/i.test(message)) return failed(message, 'the provider does not have this model, or it is not loaded', 'see LLM_MODEL; with Ollama: ollama pull MODEL') // prettier-ignore
  return failed(message, 'the provider cannot be reached or refuses', 'see LLM_BASE_URL (or OPENAI_BASE_URL, OLLAMA_BASE_URL), proxies and the network') // prettier-ignore
}
