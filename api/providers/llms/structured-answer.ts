import type { z } from 'zod'
import { ProviderError } from '../provider-error.ts'
import type { Llm, Message } from './llm.ts'

export interface StructuredRequest<T> {
  /** What to do, and the shape of the JSON object to answer with. */
  readonly instructions: string
  /** What to do it with. */
  readonly input: string
  readonly schema: z.ZodType<T>
  readonly maxTokens?: number
  readonly signal?: AbortSignal | undefined
}

/** Two answers, and neither was what was asked for. */
export class UnusableAnswer extends Error {
  override readonly name = 'UnusableAnswer'
}

/**
 * Asks for a JSON object and checks it. An answer that is none, or another one, is sent back once with what is wrong.
 * @throws UnusableAnswer when the second is no better; ProviderError
 */
export async function structuredAnswer<T>(llm: Llm, request: StructuredRequest<T>): Promise<T> {
  const messages: Message[] = [
    { role: 'system', content: `${request.instructions}\nAnswer with one JSON object and nothing else.` },
    { role: 'user', content: request.input },
  ]
  const first = await ask(llm, request, messages)
  if ('value' in first) return first.value
  messages.push(
    { role: 'assistant', content: first.text },
    {
      role: 'user',
      content: `That cannot be used: ${first.fault}. Answer again, with the corrected JSON object only.`,
    },
  )
  const second = await ask(llm, request, messages)
  if ('value' in second) return second.value
  throw new UnusableAnswer(`${llm.provider} (${llm.model}) gave no usable answer twice: ${second.fault}`)
}

type Outcome<T> = { readonly value: T } | { readonly text: string; readonly fault: string }

async function ask<T>(
  llm: Llm,
  { schema, maxTokens = 1024, signal }: StructuredRequest<T>,
  messages: Message[],
): Promise<Outcome<T>> {
  const { text } = await llm.complete({ messages, temperature: 0, maxTokens, json: true, ...(signal && { signal }) })
  const read = readStructured(text, schema)
  return 'value' in read ? read : { text, fault: read.fault }
}

/** The JSON object in an answer, if it is what was asked for; else what is wrong with it, for the model to read. Pure. */
export function readStructured<T>(
  text: string,
  schema: z.ZodType<T>,
): { readonly value: T } | { readonly fault: string } {
  const json = readObject(text)
  if (json === undefined) return { fault: 'it is not a JSON object' }
  const parsed = schema.safeParse(json)
  if (parsed.success) return { value: parsed.data }
  const [issue] = parsed.error.issues
  return { fault: `${issue?.path.join('.') || 'the object'}: ${issue?.message}` }
}

/** Models like to wrap JSON in a fence, or in a sentence. */
function readObject(text: string): unknown {
  const body = text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)
  try {
    return JSON.parse(body) as unknown
  } catch {
    return undefined
  }
}

export type Attempt<T> = { readonly value: T } | { readonly reason: string }

/**
 * For what makes an answer better and is not needed for one: the reason instead of a failure. An aborted call still rejects.
 */
export async function attempt<T>(work: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { value: await work() }
  } catch (error) {
    if (error instanceof UnusableAnswer || error instanceof ProviderError) return { reason: error.message }
    throw error
  }
}
