import type { LlmProviderName, RemoteEmbeddingProviderName } from '../../api/contract/model-providers.ts'
import type { ModelScript } from '../support/model-server/script.ts'

type Asked = Parameters<NonNullable<ModelScript['refuse']>>[0]

/** A provider as its documentation and its users tell of it: what it refuses although others take it. */
export interface ProviderManners {
  /** Some of the models that it is peculiar about. */
  readonly llms: readonly string[]
  /** With the length of its vectors that is asked for. */
  readonly embedding?: { readonly model: string; readonly dimension: number; readonly native: number }
  refuse(asked: Asked): string | null
}

type Json = Readonly<Record<string, unknown>>
type Check = (asked: Asked) => string | null | false

const first =
  (...checks: readonly Check[]) =>
  (asked: Asked) =>
    checks.map(check => check(asked)).find(told => typeof told === 'string') ?? null

const bearer =
  (key: string): Check =>
  ({ headers }) =>
    headers.authorization !== `Bearer ${key}` && 'Incorrect API key provided'
const textsOf = ({ body }: Asked) => (Array.isArray(body['input']) ? (body['input'] as string[]) : [])
const atMost =
  (most: number, message: string): Check =>
  asked =>
    textsOf(asked).length > most && message
const noDimensions =
  (models: RegExp, message: string): Check =>
  ({ body }) =>
    'dimensions' in body && !models.test(String(body['model'])) && message
const floatsOnly: Check = ({ body }) => 'input' in body && body['encoding_format'] !== 'float' && 'encoding_format must be float' // prettier-ignore
const onlyTemperature = (models: RegExp, temperature: number): Check => ({ body }) =>
  models.test(String(body['model'])) && ![undefined, temperature].includes(body['temperature'] as number | undefined) &&
  `invalid temperature: only ${temperature} is allowed for this model` // prettier-ignore
const wordJson: Check = ({ body }) =>
  'response_format' in body && !/json/i.test(JSON.stringify(body['messages'])) && "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'" // prettier-ignore
/** A model that thinks unless it is told not to, and then spends on that what the answer may cost. */
const thinks =
  (models: RegExp, told: (body: Json) => boolean): Check =>
  ({ body }) =>
    models.test(String(body['model'])) && 'messages' in body && !told(body) && 'the model would think'
const disabled = (body: Json) => (body['thinking'] as { type?: string } | undefined)?.type === 'disabled'

export const providerManners: Readonly<Record<Exclude<LlmProviderName, 'ollama'>, ProviderManners>> = {
  openai: {
    llms: ['gpt-4o-mini', 'o3-mini', 'gpt-5-mini'],
    embedding: { model: 'text-embedding-3-small', dimension: 256, native: 1536 },
    refuse: first(
      bearer('sk-openai'),
      ({ body }) => /^(o\d|gpt-5)/.test(String(body['model'])) && ('temperature' in body || 'max_tokens' in body) && "Unsupported parameter: use 'max_completion_tokens', and no temperature", // prettier-ignore
      atMost(2048, 'too many inputs'),
      asked => textsOf(asked).includes('') && "'$.input' is invalid: input cannot be an empty string",
    ),
  },
  azure: {
    llms: ['my-gpt-4o'],
    embedding: { model: 'text-embedding-3-large', dimension: 1024, native: 3072 },
    refuse: first(
      ({ headers }) => headers['api-key'] !== 'sk-azure' && 'Access denied due to invalid subscription key',
      ({ headers }) => headers.authorization !== undefined && 'a bearer here is a token of Entra ID',
      ({ query }) => query.get('api-version') !== '2024-10-21' && 'Missing required query parameter: api-version',
      ({ path, body }) => !path.startsWith(`/openai/deployments/${String(body['model'])}/`) && 'Resource not found',
    ),
  },
  gemini: {
    llms: ['gemini-2.5-flash', 'gemini-2.5-pro', 'gemini-2.0-flash'],
    embedding: { model: 'gemini-embedding-001', dimension: 768, native: 3072 },
    refuse: first(
      bearer('sk-gemini'),
      atMost(100, 'BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch'),
      thinks(/^gemini-2\.5-flash/, body => body['reasoning_effort'] === 'none'),
      thinks(/^gemini-2\.5-pro/, body => body['reasoning_effort'] === 'low'),
      ({ body }) => body['model'] === 'gemini-2.0-flash' && 'reasoning_effort' in body && 'thinking is not supported by this model', // prettier-ignore
    ),
  },
  qwen: {
    llms: ['qwen-plus', 'qwen3-8b', 'qwen3-235b-a22b'],
    embedding: { model: 'text-embedding-v4', dimension: 512, native: 1024 },
    refuse: first(
      bearer('sk-qwen'),
      atMost(10, 'batch size is invalid, it should not be larger than 10.'),
      noDimensions(/^text-embedding-v[34]$/, 'dimensions is not supported'),
      floatsOnly,
      wordJson,
      ({ body }) => String(body['model']).startsWith('qwen3-') && body['stream'] !== true && body['enable_thinking'] !== false && 'parameter.enable_thinking must be set to false for non-streaming calls', // prettier-ignore
    ),
  },
  kimi: {
    llms: ['moonshot-v1-8k', 'kimi-k2.5', 'kimi-k2.6', 'kimi-k3'],
    refuse: first(bearer('sk-kimi'), onlyTemperature(/^kimi-k(2\.5|2\.6|3)/, 1), thinks(/^kimi-k2\.[56]/, disabled)),
  },
  deepseek: {
    llms: ['deepseek-chat', 'deepseek-reasoner'],
    refuse: first(bearer('sk-deepseek'), wordJson),
  },
  zhipu: {
    llms: ['glm-4-plus', 'glm-4.6'],
    embedding: { model: 'embedding-3', dimension: 512, native: 2048 },
    refuse: first(
      bearer('sk-zhipu'),
      ({ body }) => body['temperature'] === 0 && 'temperature 取值范围 (0,1)',
      thinks(/^glm-4\.[5-9]/, disabled),
      atMost(64, 'input 数组最大不得超过 64 条'),
      asked => textsOf(asked).reduce((sum, text) => sum + Buffer.byteLength(text) / 4, 0) > 8000 && 'input 数组总长度不得超过 8K', // prettier-ignore
      noDimensions(/^embedding-3$/, 'dimensions 参数不支持'),
    ),
  },
  siliconflow: {
    llms: ['Qwen/Qwen3-8B', 'deepseek-ai/DeepSeek-V3'],
    embedding: { model: 'Qwen/Qwen3-Embedding-0.6B', dimension: 512, native: 1024 },
    refuse: first(
      bearer('sk-siliconflow'),
      atMost(32, 'input batch size 40 > maximum allowed batch size 32'),
      noDimensions(/^Qwen\/Qwen3-Embedding/, 'dimensions is only supported in Qwen/Qwen3 series'),
      asked => textsOf(asked).includes('') && 'input cannot be an empty string',
      thinks(/^Qwen\/Qwen3-8B$/, body => body['enable_thinking'] === false),
      ({ body }) => String(body['model']).startsWith('deepseek') && 'enable_thinking' in body && 'enable_thinking is not supported', // prettier-ignore
    ),
  },
  vllm: {
    llms: ['meta-llama/Llama-3.1-8B-Instruct'],
    embedding: { model: 'Qwen/Qwen3-Embedding-0.6B', dimension: 1024, native: 1024 },
    refuse: first(
      noDimensions(/^jinaai\/jina-embeddings-v3$/, 'Model does not support matryoshka representation, changing output dimensions will lead to poor results.'), // prettier-ignore
    ),
  },
} satisfies Readonly<Record<Exclude<LlmProviderName | RemoteEmbeddingProviderName, 'ollama'>, ProviderManners>>
