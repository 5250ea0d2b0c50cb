import { z } from 'zod'
import { retrievalBody } from '../retrieve.ts'

/**
 * What POST /v1/chat/completions takes. A field of OpenAI's that would change the answer, and that nothing here does, is
 * refused with what to do; null and the value that stands for "nothing special" are what many clients always send.
 */

const LONGEST_MESSAGE = 100_000

const textPart = z.strictObject({
  type: z.literal('text', 'only text can be read here'),
  text: z.string().max(LONGEST_MESSAGE),
})

const messageSchema = z.strictObject({
  role: z
    .enum(['system', 'developer', 'user', 'assistant'])
    .describe('`tool` and `function` are not possible: no tools are called.'),
  content: z.union([z.string().max(LONGEST_MESSAGE), z.array(textPart).min(1).max(100)]),
  name: z.string().max(100).nullish().describe('Ignored.'),
  refusal: z.null().optional(),
})

/** `tools` and the like: there is nothing here that could do it. */
function refused(why: string, ...harmless: readonly unknown[]) {
  return z
    .unknown()
    .optional()
    .refine(value => value == null || harmless.some(one => JSON.stringify(one) === JSON.stringify(value)), why)
    .meta({ description: `Must be left out or without effect: ${why}.`, enum: [null, ...harmless] })
}

const ignored = () => z.unknown().optional().describe('Ignored.')

/** How to search, as in POST /v1/retrieve. */
const retrievalConfig = retrievalBody.omit({ query: true, knowledge_base_ids: true, include_trace: true })

export const chatBody = z.strictObject({
  model: z
    .string()
    .min(1)
    .max(300)
    .describe('`selfrag` (what is configured for the knowledge bases and the tenant), an LLM that the service offers, or a knowledge base (`kb:` and its name, or its id): what GET /v1/models lists.'), // prettier-ignore
  messages: z
    .array(messageSchema)
    .min(1)
    .max(500)
    .describe('The last one is the question. System messages are kept, before the rules on sources and citations.'),
  knowledge_base_ids: retrievalBody.shape.knowledge_base_ids,
  retrieval_config: retrievalConfig.prefault({}).describe('How to search; as in POST /v1/retrieve.'),
  stream: z.boolean().nullish().describe('Answer with server-sent events as it is written.'),
  stream_options: z
    .strictObject({
      include_usage: z.boolean().nullish().describe('A last piece with the usage.'),
      include_obfuscation: z.boolean().nullish().describe('Ignored.'),
    })
    .nullish(),
  temperature: z.number().min(0).max(2).nullish().describe('Default 0. Without an LLM it does nothing.'),
  max_tokens: z.int().min(1).max(32_768).nullish().describe('Of the answer; default 1024. Without an LLM it does nothing.'), // prettier-ignore
  max_completion_tokens: z.int().min(1).max(32_768).nullish().describe('The newer name of max_tokens.'),
  n: z.literal(1, 'must be 1: one answer a request').nullish().describe('Must be 1.'),
  stop: refused('stop sequences are not possible, as they could cut a citation in two', []),
  tools: refused('no tools are called here; leave them out', []),
  tool_choice: refused('no tools are called here; leave it out', 'none', 'auto'),
  functions: refused('no functions are called here; leave them out', []),
  function_call: refused('no functions are called here; leave it out', 'none', 'auto'),
  response_format: refused('answers are text with citations; leave it out', { type: 'text' }),
  logprobs: refused('probabilities are not known here; leave it out', false),
  top_logprobs: refused('probabilities are not known here; leave it out', 0),
  modalities: refused('answers are text; leave it out', ['text']),
  audio: refused('answers are text; leave it out'),
  top_p: refused('use temperature', 1),
  frequency_penalty: refused('it is not passed on; leave it out', 0),
  presence_penalty: refused('it is not passed on; leave it out', 0),
  logit_bias: refused('it is not passed on; leave it out', {}),
  seed: ignored(),
  user: ignored(),
  metadata: ignored(),
  store: ignored(),
  parallel_tool_calls: ignored(),
  service_tier: ignored(),
  reasoning_effort: ignored(),
  verbosity: ignored(),
  safety_identifier: ignored(),
  prompt_cache_key: ignored(),
})

export type ChatBody = z.output<typeof chatBody>
export type ChatMessage = z.output<typeof messageSchema>
