import { z } from 'zod'
import {
  embeddingProviders,
  llmProviders,
  modelProviders,
  type ProviderName,
  rerankProviders,
} from './model-providers.ts'
import { type ModelReference, readModelReference } from './model-reference.ts'
import { httpUrl, integer, list, secret } from './variable-types.ts'

const providerUrl = (name: ProviderName, description: string) =>
  httpUrl.default(modelProviders[name].url ?? '').describe(description)

/** `provider:model,provider:model`, of providers in `names`. */
const references = <Name extends string>(names: readonly Name[]) =>
  list
    .transform((items, context) => {
      const known = new Set<string>(names)
      return items.flatMap(item => {
        const reference = readModelReference(item)
        if (reference && known.has(reference.provider) && reference.provider !== 'none')
          return [reference as ModelReference<Exclude<Name, 'none'>>]
        context.addIssue(`must be provider:model, separated by commas, with a provider of ${names.slice(1).join(', ')}; ${JSON.stringify(item)} is not`) // prettier-ignore
        return []
      })
    })
    .default([])

/** The variables about models and the providers of them. Part of configurationSchema. */
export const modelVariables = {
  LLM_PROVIDER: z
    .enum(llmProviders)
    .default('none')
    .describe('Who writes answers. `none`: /v1/rag answers with sentences taken from the documents.'),
  LLM_MODEL: z.string().min(1).optional().describe('Model of LLM_PROVIDER; with azure the deployment.'),
  LLM_BASE_URL: httpUrl.optional().describe('Where LLM_PROVIDER is, for answers; above the variable of the provider.'),
  LLM_API_KEY: secret('Key of LLM_PROVIDER, for answers; above the variable of the provider.'),
  LLM_TIMEOUT_SECONDS: integer(1, 3600).default(60).describe('How long one call of the LLM may take.'),
  LLM_FALLBACKS: references(llmProviders).describe('LLMs that are asked in this order when LLM_MODEL fails, as `provider:model`, separated by commas.'), // prettier-ignore
  LLM_CONCURRENCY: integer(1, 1000)
    .default(16)
    .describe('Calls of one LLM at the same time in one process; others wait.'),
  LLM_CHOICES: references(llmProviders).describe('Other LLMs that requests, knowledge bases, tenants and the system may choose, as `provider:model`, separated by commas.'), // prettier-ignore

  EMBEDDING_PROVIDER: z
    .enum(embeddingProviders)
    .default('local')
    .describe('Who makes vectors. `local`: an ONNX model in this process. `none`: BM25 only.'),
  EMBEDDING_MODEL: z.string().min(1).default('bge-small-en-v1.5').describe('Model of EMBEDDING_PROVIDER.'),
  EMBEDDING_DIM: integer(1, 65_535).default(384).describe('Length of the vectors of EMBEDDING_MODEL.'),
  EMBEDDING_BASE_URL: httpUrl
    .optional()
    .describe('Where EMBEDDING_PROVIDER is, for embeddings; above the variable of the provider.'),
  EMBEDDING_API_KEY: secret('Key of EMBEDDING_PROVIDER, for embeddings; above the variable of the provider.'),
  EMBEDDING_BATCH_SIZE: integer(1, 2048)
    .default(32)
    .describe('Texts sent to the embedding model at once; a provider that takes fewer gets fewer.'),
  EMBEDDING_TIMEOUT_SECONDS: integer(1, 3600).default(60).describe('How long one call of the embedder may take.'),
  MODELS_DIR: z.string().min(1).optional().describe('Folder with local models, one folder a model.'),

  RERANK_PROVIDER: z.enum(rerankProviders).default('none').describe('Who reorders results. `none`: nobody.'),
  RERANK_MODEL: z.string().min(1).optional().describe('Model of RERANK_PROVIDER.'),
  RERANK_BASE_URL: httpUrl
    .optional()
    .describe('Where RERANK_PROVIDER is, for reranking; above the variable of the provider. `/rerank` is added.'),
  RERANK_API_KEY: secret('Key of RERANK_PROVIDER, for reranking; above the variable of the provider.'),
  RERANK_TIMEOUT_SECONDS: integer(1, 600).default(15).describe('How long one call of the reranker may take.'),
  RERANK_CHOICES: references(rerankProviders).describe('Other rerankers that requests, knowledge bases, tenants and the system may choose, as `provider:model`, separated by commas.'), // prettier-ignore

  OPENAI_API_KEY: secret('Key for the provider `openai`.'),
  OPENAI_BASE_URL: providerUrl('openai', 'Any OpenAI-compatible service, for the provider `openai`.'),
  AZURE_OPENAI_API_KEY: secret('Key for the provider `azure`.'),
  AZURE_OPENAI_ENDPOINT: httpUrl.optional().describe('Azure OpenAI resource, such as https://name.openai.azure.com, for the provider `azure`.'), // prettier-ignore
  AZURE_OPENAI_API_VERSION: z.string().min(1).default('2024-10-21').describe('Version of the API of Azure OpenAI.'),
  OLLAMA_BASE_URL: providerUrl('ollama', 'Ollama, for the provider `ollama`.'),
  GEMINI_API_KEY: secret('Key for the provider `gemini`.'),
  GEMINI_BASE_URL: providerUrl('gemini', 'Gemini’s OpenAI-compatible endpoint, for the provider `gemini`.'),
  DASHSCOPE_API_KEY: secret('Key for the provider `qwen`.'),
  DASHSCOPE_BASE_URL: providerUrl('qwen', 'DashScope in compatible mode, for the provider `qwen`; outside China https://dashscope-intl.aliyuncs.com/compatible-mode/v1.'), // prettier-ignore
  MOONSHOT_API_KEY: secret('Key for the provider `kimi`.'),
  MOONSHOT_BASE_URL: providerUrl('kimi', 'Moonshot, for the provider `kimi`; outside China https://api.moonshot.ai/v1.'), // prettier-ignore
  DEEPSEEK_API_KEY: secret('Key for the provider `deepseek`.'),
  DEEPSEEK_BASE_URL: providerUrl('deepseek', 'DeepSeek, for the provider `deepseek`.'),
  ZHIPUAI_API_KEY: secret('Key for the provider `zhipu`.'),
  ZHIPUAI_BASE_URL: providerUrl('zhipu', 'Zhipu AI, for the provider `zhipu`; outside China https://api.z.ai/api/paas/v4.'), // prettier-ignore
  SILICONFLOW_API_KEY: secret('Key for the provider `siliconflow`.'),
  SILICONFLOW_BASE_URL: providerUrl('siliconflow', 'SiliconFlow, for the provider `siliconflow`; outside China https://api.siliconflow.com/v1.'), // prettier-ignore
  VLLM_API_KEY: secret('Key for the provider `vllm`, when it was started with one.'),
  VLLM_BASE_URL: providerUrl('vllm', 'vLLM, for the provider `vllm`.'),
  COHERE_API_KEY: secret('Key for the provider `cohere`.'),
  COHERE_BASE_URL: providerUrl('cohere', 'Cohere, for the provider `cohere`.'),
  JINA_API_KEY: secret('Key for the provider `jina`.'),
  JINA_BASE_URL: providerUrl('jina', 'Jina AI, for the provider `jina`.'),
}

type ModelEnvironment = z.output<z.ZodObject<typeof modelVariables>>

/** What a model is for; the beginning of the variables that say which. */
export type ModelUse = 'LLM' | 'EMBEDDING' | 'RERANK'

export interface ProviderConnection {
  readonly provider: ProviderName
  readonly baseUrl: string
  readonly apiKey: string | undefined
}

/**
 * Where a provider is and with which key, for one use. The use's own variables (LLM_BASE_URL, LLM_API_KEY) are about its
 * provider alone: a key never goes to another company. Null: nobody said where it is.
 */
export function providerConnection(
  env: ModelEnvironment,
  use: ModelUse,
  provider: ProviderName,
): ProviderConnection | null {
  const { urlVariable, keyVariable } = modelProviders[provider]
  const own = env[`${use}_PROVIDER`] === provider
  const baseUrl = (own ? env[`${use}_BASE_URL`] : undefined) ?? env[urlVariable]
  const apiKey = (own ? env[`${use}_API_KEY`] : undefined) ?? (keyVariable && env[keyVariable])
  return baseUrl === undefined ? null : { provider, baseUrl, apiKey }
}

/** Faults that only show when the variables about models are seen together; each names what to set. */
export function modelFaults(env: ModelEnvironment): string[] {
  const faults: string[] = []
  for (const use of ['LLM', 'RERANK'] as const) {
    const provider = env[`${use}_PROVIDER`]
    if (provider !== 'none' && !env[`${use}_MODEL`])
      faults.push(`${use}_MODEL: must be set when ${use}_PROVIDER is ${provider}`)
    faults.push(...providerFaults(env, use, provider, `${use}_PROVIDER is ${provider}`))
    if (use === 'LLM')
      for (const { provider: next } of env.LLM_FALLBACKS)
        faults.push(...providerFaults(env, use, next, `LLM_FALLBACKS names ${next}`))
    for (const chosen of new Set(env[`${use}_CHOICES`].map(reference => reference.provider)))
      faults.push(...providerFaults(env, use, chosen, `${use}_CHOICES names ${chosen}`))
  }
  const embedding = env.EMBEDDING_PROVIDER
  faults.push(...providerFaults(env, 'EMBEDDING', embedding, `EMBEDDING_PROVIDER is ${embedding}`))
  return [...new Set(faults)]
}

/** A provider that would refuse every call. One that was moved to another address may want no key. */
function providerFaults(env: ModelEnvironment, use: ModelUse, provider: ProviderName | 'none' | 'local', why: string) {
  if (provider === 'none' || provider === 'local') return []
  const { needsKey, keyVariable, urlVariable, url } = modelProviders[provider]
  const connection = providerConnection(env, use, provider)
  if (!connection) return [`${urlVariable}: must be set when ${why}`]
  if (!needsKey || connection.apiKey !== undefined || connection.baseUrl !== (url ?? connection.baseUrl)) return []
  return [`${keyVariable}: must be set when ${why}`]
}

/** Every key that the environment holds, to look for example values. */
export function modelKeys(env: ModelEnvironment): Partial<Record<keyof ModelEnvironment, string>> {
  const names = Object.keys(modelVariables).filter(name => name.endsWith('_API_KEY')) as (keyof ModelEnvironment)[]
  return Object.fromEntries(names.map(name => [name, env[name]]))
}
