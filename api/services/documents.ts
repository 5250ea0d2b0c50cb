import type { Request } from './caller.ts'
import type { IntakeOptions, NewFileDocument, NewRemoteDocument, NewTextDocument } from './documents/new-document.ts'
import type { AcceptedDocument, BatchResult, ChunkView, DocumentStatusView, DocumentView } from './documents/views.ts'
import type { Page, PageRequest } from './page.ts'
import type { DocumentFilter } from '../stores/postgres/documents.ts'
import type { TenantScope } from '../stores/postgres/tenant-scope.ts'

/**
 * Documents of one tenant, from intake to deletion. What is not in the scope does not exist: KB_NOT_FOUND or
 * DOC_NOT_FOUND. Results are JSON as the API spells it.
 */
export interface DocumentService {
  /**
   * Takes in a text. The same content in the same knowledge base is the same document; new content under a known
   * external id is that document's next revision.
   * @throws ApiError KB_NOT_FOUND, VALIDATION_ERROR (empty text), QUOTA_EXCEEDED, CONFLICT (the document is being deleted;
   *   the idempotency key was used with another body)
   */
  createFromText(scope: TenantScope, knowledgeBaseId: string, input: NewTextDocument, request: Request, options?: IntakeOptions): Promise<AcceptedDocument> // prettier-ignore

  /** The same for a file. Whether it can be read is told by its status, as parsing comes later. @throws as above */
  createFromFile(scope: TenantScope, knowledgeBaseId: string, input: NewFileDocument, request: Request, options?: IntakeOptions): Promise<AcceptedDocument> // prettier-ignore

  /**
   * The same for a file that lies elsewhere. Its metadata says where from, as `source_url`, without the URL's query.
   * @throws as above; ApiError FETCH_FAILED (the host is refused or does not give it)
   */
  createFromUrl(scope: TenantScope, knowledgeBaseId: string, input: NewRemoteDocument, request: Request, options: IntakeOptions & { readonly signal: AbortSignal }): Promise<AcceptedDocument> // prettier-ignore

  /**
   * At most 50 texts, each with an outcome of its own. @throws ApiError KB_NOT_FOUND, VALIDATION_ERROR (none, or too
   * many), CONFLICT (idempotency key)
   */
  createBatch(scope: TenantScope, knowledgeBaseId: string, inputs: readonly NewTextDocument[], request: Request, options?: IntakeOptions): Promise<BatchResult> // prettier-ignore

  /** Oldest first; documents that are being deleted are not there. @throws ApiError KB_NOT_FOUND */
  list(scope: TenantScope, knowledgeBaseId: string, page: PageRequest, filter?: DocumentFilter): Promise<Page<DocumentView>> // prettier-ignore

  /** @throws ApiError DOC_NOT_FOUND */
  get(scope: TenantScope, documentId: string): Promise<DocumentView>

  /** In the order of the text. @throws ApiError DOC_NOT_FOUND */
  chunks(scope: TenantScope, documentId: string, page: PageRequest): Promise<Page<ChunkView>>

  /** @throws ApiError DOC_NOT_FOUND */
  status(scope: TenantScope, documentId: string): Promise<DocumentStatusView>

  /**
   * Invisible when it resolves; vectors and rows go in the background.
   * @param check looks at the document while nobody else changes it; throws when it is not to be deleted
   * @throws ApiError DOC_NOT_FOUND; what `check` throws
   */
  remove(scope: TenantScope, documentId: string, request: Request, check?: (document: DocumentView) => void): Promise<AcceptedDocument> // prettier-ignore

  /**
   * A failed document goes on from the stage that failed; a ready one is made again from its source. One that is being
   * worked on is left alone. @throws ApiError DOC_NOT_FOUND
   */
  reprocess(scope: TenantScope, documentId: string, request: Request): Promise<AcceptedDocument>
}

export type { AcceptedDocument, BatchResult, ChunkView, DocumentStatusView, DocumentView }
export type { IntakeOptions, NewFileDocument, NewRemoteDocument, NewTextDocument }
