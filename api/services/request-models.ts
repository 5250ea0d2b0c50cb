import { ApiError } from '../contract/error-codes.ts'
import { type ModelChoice, NO_MODEL, writeModelReference } from '../contract/model-reference.ts'
import type { Llm } from '../providers/llms/llm.ts'
import type { Reranker } from '../providers/rerankers/reranker.ts'
import type { TenantScope } from '../stores/postgres/tenant-scope.ts'

/** Who decided, from the strongest to the weakest. */
export const modelOrigins = ['request', 'knowledge_base', 'tenant', 'system', 'environment'] as const
export type ModelOrigin = (typeof modelOrigins)[number]

export interface ResolvedModels {
  /** Null: answers are extractive. */
  readonly llm: Llm | null
  /** Null: nobody reranks. */
  readonly reranker: Reranker | null
  readonly origin: { readonly llm: ModelOrigin; readonly reranker: ModelOrigin }
}

/** What the environment offers: its own choice, and what others may choose instead. */
export interface OfferedModels<Model> {
  readonly standard: Model | null
  readonly others: readonly Model[]
}

/** What a knowledge base says of models; see KnowledgeBaseDirectory. */
export interface ChoosingKnowledgeBase {
  readonly models: ModelChoice
}

export interface RequestModelsParts {
  readonly llms: OfferedModels<Llm>
  readonly rerankers: OfferedModels<Reranker>
  /** What an administrator set for everybody. */
  readonly system: () => Promise<ModelChoice>
  /** What was set for the scope's tenant. */
  readonly tenant: (scope: TenantScope) => ModelChoice
}

type Level = readonly [ModelOrigin, ModelChoice]

/**
 * Which models a request gets: what it asks for, else what its knowledge bases agree on, its tenant, the system or the
 * environment say. Each level can only name what the environment offers, with the environment's addresses and keys.
 */
export class RequestModels {
  readonly #parts: RequestModelsParts

  constructor(parts: RequestModelsParts) {
    this.#parts = parts
  }

  /** What can be chosen. */
  get llms(): OfferedModels<Llm> {
    return this.#parts.llms
  }

  /**
   * @param knowledgeBases the ones that are searched; one alone cannot decide for others that say something else
   * @throws ApiError VALIDATION_ERROR when the request names a model that is not offered, KB_CONFIG_ERROR when what was
   *   stored names one: taking another in silence would send documents where nobody wanted them
   */
  async resolve(
    scope: TenantScope,
    knowledgeBases: readonly ChoosingKnowledgeBase[],
    override: ModelChoice = {},
  ): Promise<ResolvedModels> {
    const { llms, rerankers, tenant, system } = this.#parts
    const levels: Level[] = [
      ['request', override],
      ['knowledge_base', { llm: agreed(knowledgeBases, 'llm'), reranker: agreed(knowledgeBases, 'reranker') }],
      ['tenant', tenant(scope)],
      ['system', await system()],
    ]
    const [llm, llmOrigin] = choose(levels, 'llm', llms)
    const [reranker, rerankerOrigin] = choose(levels, 'reranker', rerankers)
    return { llm, reranker, origin: { llm: llmOrigin, reranker: rerankerOrigin } }
  }

  /** Refuses a choice before it is stored. @throws ApiError VALIDATION_ERROR */
  check(choice: ModelChoice): void {
    choose([['request', choice]], 'llm', this.#parts.llms)
    choose([['request', choice]], 'reranker', this.#parts.rerankers)
  }
}

/** The same as a choice that names every model: what makes two requests different, for caches. */
export function choiceOf({ llm, reranker }: ResolvedModels): Required<ModelChoice> {
  return {
    llm: llm ? writeModelReference(llm) : NO_MODEL,
    reranker: reranker ? writeModelReference(reranker) : NO_MODEL,
  }
}

/** What include_trace shows. */
export function describeModels({ llm, reranker, origin }: ResolvedModels) {
  return { llm: described(llm, origin.llm), reranker: described(reranker, origin.reranker) }
}

function described(model: Llm | Reranker | null, origin: ModelOrigin) {
  return { provider: model?.provider ?? null, model: model?.model ?? null, origin }
}

function choose<Model extends Llm | Reranker>(
  levels: readonly Level[],
  use: keyof ModelChoice,
  { standard, others }: OfferedModels<Model>,
): [Model | null, ModelOrigin] {
  for (const [origin, choice] of levels) {
    const wanted = choice[use]
    if (wanted === undefined) continue
    if (wanted === NO_MODEL) return [null, origin]
    const offered = standard ? [standard, ...others] : others
    const found = offered.find(model => writeModelReference(model) === wanted)
    if (found) return [found, origin]
    throw notOffered(origin, use, wanted, offered.map(writeModelReference))
  }
  return [standard, 'environment']
}

const owners: Readonly<Record<Exclude<ModelOrigin, 'request' | 'environment'>, string>> = {
  knowledge_base: 'the knowledge base has',
  tenant: 'the tenant has',
  system: 'the system has',
}

function notOffered(origin: ModelOrigin, use: keyof ModelChoice, wanted: string, offered: readonly string[]): ApiError {
  const variable = use === 'llm' ? 'LLM_CHOICES' : 'RERANK_CHOICES'
  const choices =
    offered.length === 0
      ? `it has none; choose "${NO_MODEL}" or nothing`
      : `choose one of ${[...offered, NO_MODEL].join(', ')}`
  const message = `${use} ${JSON.stringify(wanted)} is not one that this server offers; ${choices}`
  if (origin === 'request') return new ApiError('VALIDATION_ERROR', `model.${use}: ${message}`)
  const owner = owners[origin as keyof typeof owners]
  return new ApiError(
    'KB_CONFIG_ERROR',
    `${owner} chosen a model that is gone: ${message}, or have it added to ${variable}`,
  )
}

/** What all the knowledge bases say; undefined when they differ, because no one of them may decide for the others. */
function agreed(knowledgeBases: readonly ChoosingKnowledgeBase[], use: keyof ModelChoice): string | undefined {
  const [first, ...others] = knowledgeBases.map(({ models }) => models[use])
  return others.every(value => value === first) ? first : undefined
}
