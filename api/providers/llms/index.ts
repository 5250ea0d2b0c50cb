import type { Fetch } from '../address.ts'
import type { Llm } from './llm.ts'
import { OllamaLlm } from './ollama.ts'
import { OpenAiLlm } from './openai.ts'
import type { LlmSettings } from './settings.ts'

/** The LLM that the settings ask for; null for none. Does not call it. @param fetch what it will be called with */
export function createLlm(settings: LlmSettings | null, fetch: Fetch = globalThis.fetch): Llm | null {
  if (!settings) return null
  const connection = { ...settings, fetch }
  return settings.provider === 'ollama' ? new OllamaLlm(settings, connection) : new OpenAiLlm(settings, connection)
}
