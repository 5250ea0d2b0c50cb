import { ApiError } from '../contract/error-codes.ts'
import type { TenantScope } from '../stores/postgres/tenant-scope.ts'
import type { KnowledgeBaseDirectory, SearchableKnowledgeBase } from './knowledge-base-directory.ts'

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
}

export interface ConfiguredModel {
  readonly provider: string
  readonly model: string
}

export interface ModelCatalogueParts {
  readonly knowledgeBases: KnowledgeBaseDirectory
  readonly llm: ConfiguredModel | null
  readonly embedding: ConfiguredModel | null
}

/** The models that a key may use: those of the service, and the knowledge bases in its scope. */
export class ModelCatalogue {
  readonly #parts: ModelCatalogueParts

  constructor(parts: ModelCatalogueParts) {
    this.#parts = parts
  }

  /** The service's first, then knowledge bases by name. */
  async list(scope: TenantScope): Promise<readonly CatalogueModel[]> {
    const readable = await this.#parts.knowledgeBases.resolve(scope, [])
    return [...this.#configured(), ...readable.map(asModel)]
  }

  /**
   * By its id in the list; a knowledge base also by its own id, or by its name when no other model has it.
   * @throws ApiError MODEL_NOT_FOUND: the same words for what does not exist and what is outside the scope
   */
  async find(scope: TenantScope, id: string): Promise<CatalogueModel> {
    const configured = this.#configured().find(model => model.id === id)
    if (configured) return configured
    const wanted = id.startsWith(PREFIX) ? id.slice(PREFIX.length) : id
    const readable = await this.#parts.knowledgeBases.resolve(scope, [])
    const named = readable.find(one => one.id === wanted.toLowerCase()) ?? readable.find(({ name }) => name === wanted)
    if (!named) throw modelNotFound(id)
    return asModel(named)
  }

  #configured(): CatalogueModel[] {
    const { llm, embedding } = this.#parts
    return [
      { id: DEFAULT_MODEL, kind: 'default', ownedBy: 'selfrag' },
      ...(llm ? [{ id: llm.model, kind: 'llm', ownedBy: llm.provider } as const] : []),
      ...(embedding ? [{ id: embedding.model, kind: 'embedding', ownedBy: embedding.provider } as const] : []),
    ]
  }
}

export function modelNotFound(id: string): ApiError {
  return new ApiError('MODEL_NOT_FOUND', `model ${JSON.stringify(id.slice(0, 200))} does not exist; GET /v1/models lists those that this key may use`) // prettier-ignore
}

function asModel({ id, name, createdAt }: SearchableKnowledgeBase): CatalogueModel {
  return { id: `${PREFIX}${name}`, kind: 'knowledge_base', ownedBy: 'tenant', createdAt, knowledgeBaseId: id }
}
