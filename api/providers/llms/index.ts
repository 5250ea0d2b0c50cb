import type { Llm } from './llm.ts'
import { OllamaLlm } from './ollama.ts'
import { OpenAiLlm } from './openai.ts'
import type { LlmSettings } from './settings.ts'

/** The LLM that the settings ask for; null for none. Does not call it. */
export function createLlm(settings: LlmSettings | null): Llm | null {
  if (!settings) return null
  return settings.provider === 'ollama' ? new OllamaLlm(settings, settings) : new OpenAiLlm(settings, settings)
}
