import type { Llm } from './llm.ts'
import { OllamaLlm } from './ollama.ts'
import { OpenAiLlm } from './openai.ts'
import type { LlmSettings } from './settings.ts'

/** The LLM that the settings ask for; null for provider `none`. Does not call it. */
export function createLlm(settings: LlmSettings): Llm | null {
  switch (settings.provider) {
    case 'none':
      return null
    case 'openai':
      return new OpenAiLlm(settings, settings)
    case 'ollama':
      return new OllamaLlm(settings, settings)
  }
}
