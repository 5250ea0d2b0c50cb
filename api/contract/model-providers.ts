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
  /** Models that need more in every request. */
  readonly extra?: readonly { readonly models: RegExp; readonly body: Readonly<Record<string, unknown>> }[]
  /** It refuses JSON mode unless a message has the word. */
  readonly jsonNeedsWord?: boolean
}

export interface EmbeddingQuirks {
  /** Most texts of one request. */
  readonly maxTexts: number
  /** Most tokens of one request, all texts together. */
  readonly maxTokens?: number
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
    llm: {},
    embedding: { maxTexts: 2048, maxTokens: 300_000 },
  },
  azure: {
    title: 'Azure OpenAI',
    protocol: 'azure',
    urlVariable: 'AZURE_OPENAI_ENDPOINT',
    keyVariable: 'AZURE_OPENAI_API_KEY',
    needsKey: true,
    llm: {},
    embedding: { maxTexts: 2048, maxTokens: 300_000 },
  },
  ollama: {
    title: 'Ollama',
    protocol: 'ollama',
    urlVariable: 'OLLAMA_BASE_URL',
    url: 'http://localhost:11434',
    llm: {},
    embedding: { maxTexts: 512 },
  },
  gemini: {
    title: 'Google Gemini',
    protocol: 'openai',
    urlVariable: 'GEMINI_BASE_URL',
    url: 'https://generativelanguage.googleapis.com/v1beta/openai',
    keyVariable: 'GEMINI_API_KEY',
    needsKey: true,
    llm: {},
    embedding: { maxTexts: 100 },
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
    embedding: { maxTexts: 10 },
  },
  kimi: {
    title: 'Kimi, by Moonshot AI',
    protocol: 'openai',
    urlVariable: 'MOONSHOT_BASE_URL',
    url: 'https://api.moonshot.cn/v1',
    keyVariable: 'MOONSHOT_API_KEY',
    needsKey: true,
    llm: {},
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
    llm: { lowestTemperature: 0.01 },
    embedding: { maxTexts: 64 },
  },
  siliconflow: {
    title: 'SiliconFlow',
    protocol: 'openai',
    urlVariable: 'SILICONFLOW_BASE_URL',
    url: 'https://api.siliconflow.cn/v1',
    keyVariable: 'SILICONFLOW_API_KEY',
    needsKey: true,
    llm: {},
    embedding: { maxTexts: 32 },
    rerank: { maxTexts: 100, returnsDocuments: true },
  },
  vllm: {
    title: 'vLLM',
    protocol: 'openai',
    urlVariable: 'VLLM_BASE_URL',
    url: 'http://localhost:8000/v1',
    keyVariable: 'VLLM_API_KEY',
    llm: {},
    embedding: { maxTexts: 256 },
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
