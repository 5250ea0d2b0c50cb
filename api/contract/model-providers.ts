/**
 * Who can be asked for text, vectors and relevance: where each provider is, which variables say so, and what is peculiar
 * to it. Everything that has to know a provider by name reads this table: variables, CRD, network policies, clients.
 * Checked against the providers' own pages; docs/models.md shows it.
 */
export interface ModelProvider {
  /** As people know it. */
  readonly title: string
  /** `openai`: its protocol, by the official client; `azure`: the same at deployments; `rerank`: Cohere's and Jina's. */
  readonly protocol: 'openai' | 'azure' | 'ollama' | 'rerank'
  readonly urlVariable: string
  /** Where it is when nobody says; absent: somebody has to. */
  readonly url?: string
  readonly keyVariable?: string
  /** Without a key it refuses everything. */
  readonly needsKey?: boolean
  readonly llm?: LlmQuirks
  readonly embedding?: EmbeddingQuirks
  readonly rerank?: RerankQuirks
}

export interface LlmQuirks {
  /** The least that it takes; 0 is refused by some. */
  readonly lowestTemperature?: number
  /** Models that refuse every temperature but their own, so that they get none. */
  readonly ownTemperature?: RegExp
  /** Models that need more in every request. Those that think by default are told not to: a thought costs the answer's tokens. */
  readonly extra?: readonly { readonly models: RegExp; readonly body: Readonly<Record<string, unknown>> }[]
  /** It refuses JSON mode unless a message has the word. */
  readonly jsonNeedsWord?: boolean
}

export interface EmbeddingQuirks {
  /** Most texts of one request. */
  readonly maxTexts: number
  /** Most tokens of one request, all texts together. */
  readonly maxTokens?: number
  /** Models that can answer shorter vectors than their own. The others, and services that do not know `dimensions`, refuse it. */
  readonly dimensions?: RegExp
}

export interface RerankQuirks {
  /** Most texts of one request. */
  readonly maxTexts: number
  /** It would repeat the texts in its answer. */
  readonly returnsDocuments?: boolean
}

const providers = {
  openai: {
    title: 'OpenAI, and whatever speaks its protocol',
    protocol: 'openai',
    urlVariable: 'OPENAI_BASE_URL',
    url: 'https://api.openai.com/v1',
    keyVariable: 'OPENAI_API_KEY',
    llm: { ownTemperature: /^(o\d|gpt-5)/ },
    embedding: { maxTexts: 2048, maxTokens: 300_000, dimensions: /text-embedding-3/ },
  },
  azure: {
    title: 'Azure OpenAI',
    protocol: 'azure',
    urlVariable: 'AZURE_OPENAI_ENDPOINT',
    keyVariable: 'AZURE_OPENAI_API_KEY',
    needsKey: true,
    llm: { ownTemperature: /^(o\d|gpt-5)/ },
    embedding: { maxTexts: 2048, maxTokens: 300_000, dimensions: /text-embedding-3/ },
  },
  ollama: {
    title: 'Ollama',
    protocol: 'ollama',
    urlVariable: 'OLLAMA_BASE_URL',
    url: 'http://localhost:11434',
    llm: {},
    embedding: { maxTexts: 512, dimensions: /qwen3-embedding|embeddinggemma/ },
  },
  gemini: {
    title: 'Google Gemini',
    protocol: 'openai',
    urlVariable: 'GEMINI_BASE_URL',
    url: 'https://generativelanguage.googleapis.com/v1beta/openai',
    keyVariable: 'GEMINI_API_KEY',
    needsKey: true,
    llm: {
      extra: [
        { models: /^gemini-2\.5-flash/, body: { reasoning_effort: 'none' } },
        // They cannot be told not to think at all.
        { models: /^gemini-(2\.5-pro|3)/, body: { reasoning_effort: 'low' } },
      ],
    },
    embedding: { maxTexts: 100, dimensions: /gemini-embedding/ },
  },
  qwen: {
    title: 'Qwen, by Alibaba Cloud Model Studio (DashScope)',
    protocol: 'openai',
    urlVariable: 'DASHSCOPE_BASE_URL',
    url: 'https://dashscope.aliyuncs.com/compatible-mode/v1',
    keyVariable: 'DASHSCOPE_API_KEY',
    needsKey: true,
    // Open models think by default, and refuse to do so in answers that are not streamed.
    llm: { jsonNeedsWord: true, extra: [{ models: /^qwen3-(?!.*thinking)/, body: { enable_thinking: false } }] },
    embedding: { maxTexts: 10, dimensions: /^text-embedding-v[34]/ },
  },
  kimi: {
    title: 'Kimi, by Moonshot AI',
    protocol: 'openai',
    urlVariable: 'MOONSHOT_BASE_URL',
    url: 'https://api.moonshot.cn/v1',
    keyVariable: 'MOONSHOT_API_KEY',
    needsKey: true,
    llm: {
      ownTemperature: /^kimi-k(2\.[5-9]|[3-9]|2-thinking)/,
      extra: [{ models: /^kimi-k2\.[5-9]/, body: { thinking: { type: 'disabled' } } }],
    },
  },
  deepseek: {
    title: 'DeepSeek',
    protocol: 'openai',
    urlVariable: 'DEEPSEEK_BASE_URL',
    url: 'https://api.deepseek.com',
    keyVariable: 'DEEPSEEK_API_KEY',
    needsKey: true,
    llm: { jsonNeedsWord: true },
  },
  zhipu: {
    title: 'Zhipu AI (GLM)',
    protocol: 'openai',
    urlVariable: 'ZHIPUAI_BASE_URL',
    url: 'https://open.bigmodel.cn/api/paas/v4',
    keyVariable: 'ZHIPUAI_API_KEY',
    needsKey: true,
    llm: {
      lowestTemperature: 0.01,
      extra: [{ models: /^glm-(4\.[5-9]|[5-9])/, body: { thinking: { type: 'disabled' } } }],
    },
    embedding: { maxTexts: 64, maxTokens: 8_000, dimensions: /^embedding-3/ },
  },
  siliconflow: {
    title: 'SiliconFlow',
    protocol: 'openai',
    urlVariable: 'SILICONFLOW_BASE_URL',
    url: 'https://api.siliconflow.cn/v1',
    keyVariable: 'SILICONFLOW_API_KEY',
    needsKey: true,
    // Models that cannot think refuse the parameter.
    llm: { extra: [{ models: /^Qwen\/Qwen3-(8B|14B|32B|30B-A3B|235B-A22B)$/, body: { enable_thinking: false } }] },
    embedding: { maxTexts: 32, dimensions: /Qwen3-Embedding/ },
    rerank: { maxTexts: 100, returnsDocuments: true },
  },
  vllm: {
    title: 'vLLM',
    protocol: 'openai',
    urlVariable: 'VLLM_BASE_URL',
    url: 'http://localhost:8000/v1',
    keyVariable: 'VLLM_API_KEY',
    llm: {},
    // It takes `dimensions` where the model's config.json has `is_matryoshka`; that of Qwen3-Embedding has not.
    embedding: { maxTexts: 256, dimensions: /jina-embeddings-v3/ },
    rerank: { maxTexts: 256 },
  },
  cohere: {
    title: 'Cohere',
    protocol: 'rerank',
    urlVariable: 'COHERE_BASE_URL',
    url: 'https://api.cohere.com/v2',
    keyVariable: 'COHERE_API_KEY',
    needsKey: true,
    rerank: { maxTexts: 1000 },
  },
  jina: {
    title: 'Jina AI',
    protocol: 'rerank',
    urlVariable: 'JINA_BASE_URL',
    url: 'https://api.jina.ai/v1',
    keyVariable: 'JINA_API_KEY',
    needsKey: true,
    rerank: { maxTexts: 1000, returnsDocuments: true },
  },
} as const satisfies Record<string, ModelProvider>

type Providers = typeof providers
type NamesWith<Use extends 'llm' | 'embedding' | 'rerank'> = {
  [Name in keyof Providers]: Providers[Name] extends Record<Use, unknown> ? Name : never
}[keyof Providers]

export type ProviderName = keyof Providers
export type LlmProviderName = NamesWith<'llm'>
export type RemoteEmbeddingProviderName = NamesWith<'embedding'>
export type RerankProviderName = NamesWith<'rerank'>
/** Variables that say where providers are, and with which key. */
export type ProviderUrlVariable = Providers[ProviderName]['urlVariable']
export type ProviderKeyVariable = Extract<Providers[ProviderName], { keyVariable: string }>['keyVariable']

/** A provider as the code that reads the table sees it, with its variables by their exact names. */
export interface KnownProvider extends ModelProvider {
  readonly urlVariable: ProviderUrlVariable
  readonly keyVariable?: ProviderKeyVariable
}

export const modelProviders: Readonly<Record<ProviderName, KnownProvider>> = providers

export const llmProviders = ['none', ...namesWith('llm')] as const
export const embeddingProviders = ['none', 'local', ...namesWith('embedding')] as const
export const rerankProviders = ['none', ...namesWith('rerank')] as const

function namesWith<Use extends 'llm' | 'embedding' | 'rerank'>(use: Use): NamesWith<Use>[] {
  const names = Object.keys(providers) as ProviderName[]
  return names.filter((name): name is NamesWith<Use> => use in providers[name])
}
