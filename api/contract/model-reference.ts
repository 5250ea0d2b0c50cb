import { z } from 'zod'

/** One model of one provider. Written `provider:model`; the model's own name may hold colons, as Ollama's do. */
export interface ModelReference<Provider extends string = string> {
  readonly provider: Provider
  readonly model: string
}

/** `none` switches the use off. */
export const NO_MODEL = 'none'

/** `openai:gpt-4o-mini` → its parts; null for what is none. */
export function readModelReference(text: string): ModelReference | null {
  const colon = text.indexOf(':')
  const [provider, model] = [text.slice(0, colon).trim(), text.slice(colon + 1).trim()]
  return colon < 1 || model === '' ? null : { provider, model }
}

export function writeModelReference({ provider, model }: ModelReference): string {
  return `${provider}:${model}`
}

const choice = z
  .string()
  .max(300)
  // What readModelReference understands, in a form that can be told to callers.
  .regex(/^(?:none|[^:]+:\s*\S[\s\S]*)$/, 'must be provider:model, or none')

/**
 * Which models a request, a knowledge base, a tenant or the system chooses: the same shape everywhere. Only models that the
 * environment offers (LLM_CHOICES, RERANK_CHOICES) can be chosen; services/request-models.ts says no to others.
 */
export const modelChoiceSchema = z.strictObject({
  llm: choice.optional().describe('Who writes: `provider:model`, one that the server offers; `none`: nobody.'),
  reranker: choice.optional().describe('Who reranks: `provider:model`, one that the server offers; `none`: nobody.'),
})

export type ModelChoice = z.output<typeof modelChoiceSchema>

/** The models of a stored settings column; what cannot be understood counts as not set. */
export function readModelChoice(settings: Readonly<Record<string, unknown>>): ModelChoice {
  const parsed = modelChoiceSchema.safeParse(settings['models'])
  return parsed.success ? parsed.data : {}
}
