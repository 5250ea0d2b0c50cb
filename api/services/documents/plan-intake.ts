import { randomUUID } from 'node:crypto'
import type { DocumentStatus } from '../../stores/postgres/rows.ts'
import type { IncomingDocument } from './check-input.ts'

/** What there is about a document when another one comes in. */
export interface KnownDocument {
  readonly id: string
  readonly contentHash: string
  readonly externalId: string | null
  readonly title: string
  readonly metadata: Readonly<Record<string, unknown>>
  readonly sizeBytes: number
  readonly revision: number
  readonly status: DocumentStatus
  readonly jobId: string | null
}

export type IntakeAction =
  | { readonly kind: 'insert'; readonly document: KnownDocument }
  /** New content, title or metadata of a document that is there. `previous` is what it was. */
  | { readonly kind: 'revise'; readonly document: KnownDocument; readonly previous: KnownDocument }
  /** Nothing to store. `resume`: it failed once, and is tried again. */
  | { readonly kind: 'duplicate'; readonly document: KnownDocument; readonly resume: boolean }

export interface Room {
  /** Infinity: unlimited. */
  readonly documents: number
  readonly bytes: number
}

/**
 * What becomes of the documents of one request, one after the other: a document is known by its content, else by its
 * external id. Pure but for new ids.
 */
export class IntakePlan {
  readonly #byHash = new Map<string, KnownDocument>()
  readonly #byExternalId = new Map<string, KnownDocument>()
  #room: Room

  constructor(known: readonly KnownDocument[], room: Room) {
    for (const document of known) this.#remember(document)
    this.#room = room
  }

  /** @returns `full`: which quota has no room for it; nothing was taken from either then */
  decide(input: IncomingDocument): IntakeAction | { readonly kind: 'full'; readonly quota: keyof Room } {
    const action = this.#choose(input)
    if (action.kind === 'duplicate') return action
    const documents = this.#room.documents - (action.kind === 'insert' ? 1 : 0)
    const grown = input.bytes.length - (action.kind === 'revise' ? action.previous.sizeBytes : 0)
    const bytes = this.#room.bytes - grown
    if (documents < 0 && action.kind === 'insert') return { kind: 'full', quota: 'documents' }
    if (bytes < 0 && grown > 0) return { kind: 'full', quota: 'bytes' }
    this.#room = { documents, bytes }
    if (action.kind === 'revise') this.#byHash.delete(action.previous.contentHash)
    this.#remember(action.document)
    return action
  }

  #choose(input: IncomingDocument): IntakeAction {
    const same = this.#byHash.get(input.contentHash)
    const named = input.externalId === null ? undefined : this.#byExternalId.get(input.externalId)
    if (same && (same !== named || !describesAnew(input, named)))
      return { kind: 'duplicate', document: same, resume: same.status === 'failed' }
    if (named) return { kind: 'revise', document: revised(named, input), previous: named }
    return { kind: 'insert', document: newDocument(input) }
  }

  #remember(document: KnownDocument): void {
    this.#byHash.set(document.contentHash, document)
    if (document.externalId !== null) this.#byExternalId.set(document.externalId, document)
  }
}

/** The same content under the same external id, but with another title or other metadata, which filters would look at. */
function describesAnew(input: IncomingDocument, { title, metadata }: KnownDocument): boolean {
  return (input.title !== '' && input.title !== title) || canonical(input.metadata) !== canonical(metadata)
}

function newDocument(input: IncomingDocument): KnownDocument {
  const { contentHash, externalId, title, metadata, bytes } = input
  return {
    id: randomUUID(),
    contentHash,
    externalId,
    title,
    metadata,
    sizeBytes: bytes.length,
    revision: 1,
    status: 'queued',
    jobId: randomUUID(),
  }
}

function revised(document: KnownDocument, input: IncomingDocument): KnownDocument {
  return { ...newDocument(input), id: document.id, revision: document.revision + 1 }
}

/** JSON that does not depend on the order of keys: jsonb keeps another one than was sent. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
