import { ApiError } from '../contract/error-codes.ts'
import { type ModelReference, writeModelReference } from '../contract/model-reference.ts'
import type { TenantScope } from '../stores/postgres/tenant-scope.ts'
import type { KnowledgeBaseDirectory, SearchableKnowledgeBase } from './knowledge-base-directory.ts'
import type { OfferedModels } from './request-models.ts'

/** The model that always exists: every knowledge base that the key may read, answered with what is configured. */
export const DEFAULT_MODEL = 'selfrag'

/** Stands before a knowledge base's name in the list of models, so that it is never taken for an LLM's. */
const PREFIX = 'kb:'

/** Something that a caller of the OpenAI-compatible routes can name as `model`. */
export interface CatalogueModel {
  readonly id: string
  readonly kind: 'default' | 'llm' | 'embedding' | 'knowledge_base'
  readonly ownedBy: string
  /** Absent: not known. */
  readonly createdAt?: Date
  readonly knowledgeBaseId?: string
  /** Of an LLM: what a request chooses it with, `provider:model`. */
  readonly reference?: string
}

export interface ModelCatalogueParts {
  readonly knowledgeBases: KnowledgeBaseDirectory
  /** What requests may choose; see RequestModels. */
  readonly llms: OfferedModels<ModelReference>
  readonly embedding: ModelReference | null
}

/** The models that a key may use: those of the service, and the knowledge bases in its scope. */
export class ModelCatalogue {
  readonly #knowledgeBases: KnowledgeBaseDirectory
  readonly #ofService: readonly CatalogueModel[]

  constructor({ knowledgeBases, llms, embedding }: ModelCatalogueParts) {
    this.#knowledgeBases = knowledgeBases
    this.#ofService = [
      { id: DEFAULT_MODEL, kind: 'default', ownedBy: 'selfrag' },
      ...catalogueOf(llms),
      ...(embedding ? [{ id: embedding.model, kind: 'embedding', ownedBy: embedding.provider } as const] : []),
    ]
  }

  /** The service's first, then knowledge bases by name. */
  async list(scope: TenantScope): Promise<readonly CatalogueModel[]> {
    const readable = await this.#knowledgeBases.resolve(scope, [])
    return [...this.#ofService, ...readable.map(asModel)]
  }

  /**
   * By its id in the list; an LLM also as `provider:model`; a knowledge base also by its own id, or by its name when no other
   * model has it.
   * @throws ApiError MODEL_NOT_FOUND: the same words for what does not exist and what is outside the scope
   */
  async find(scope: TenantScope, id: string): Promise<CatalogueModel> {
    const ofService = this.#ofService.find(model => model.id === id || model.reference === id)
    if (ofService) return ofService
    const wanted = id.startsWith(PREFIX) ? id.slice(PREFIX.length) : id
    const readable = await this.#knowledgeBases.resolve(scope, [])
    const named = readable.find(one => one.id === wanted.toLowerCase()) ?? readable.find(({ name }) => name === wanted)
    if (!named) throw modelNotFound(id)
    return asModel(named)
  }
}

/** An LLM goes by its own name, which clients know; one whose name another has already goes by `provider:model`. */
function catalogueOf({ standard, others }: OfferedModels<ModelReference>): CatalogueModel[] {
  const offered = new Map([...(standard ? [standard] : []), ...others].map(llm => [writeModelReference(llm), llm]))
  const taken = new Set<string>([DEFAULT_MODEL])
  return [...offered].map(([reference, { provider, model }]) => {
    const id = taken.has(model) ? reference : model
    taken.add(id)
    return { id, kind: 'llm', ownedBy: provider, reference }
  })
}

export function modelNotFound(id: string): ApiError {
  return new ApiError('MODEL_NOT_FOUND', `model ${JSON.stringify(id.slice(0, 200))} does not exist; GET /v1/models lists those that this key may use`) // prettier-ignore
}

function asModel({ id, name, createdAt }: SearchableKnowledgeBase): CatalogueModel {
  return { id: `${PREFIX}${name}`, kind: 'knowledge_base', ownedBy: 'tenant', createdAt, knowledgeBaseId: id }
}
