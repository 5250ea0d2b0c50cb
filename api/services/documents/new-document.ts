/** What a document's description may be long, in UTF-16 code units; metadata as JSON. */
export const documentLimits = { title: 500, externalId: 255, metadata: 16_384 } as const

/** A document as a caller hands it in. */
export interface NewTextDocument {
  /** The text itself; indexed as it is. */
  readonly content: string
  readonly title?: string
  /** JSON that filters can look at and answers carry along. */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** The caller's own id. New content under a known one replaces that document's content. */
  readonly externalId?: string
  /** `text/plain` by default; `text/markdown` and `text/html` are parsed as such. */
  readonly mediaType?: string
}

export interface NewFileDocument {
  readonly bytes: Uint8Array
  /** Base name only; never used as a path. */
  readonly filename: string
  /** What the client says it is; content decides. */
  readonly mediaType: string
  readonly title?: string
  readonly metadata?: Readonly<Record<string, unknown>>
  readonly externalId?: string
}

/** One that is fetched from where it is. */
export interface NewRemoteDocument {
  /** http:// or https://, of a host that is public or allowed. */
  readonly url: string
  readonly title?: string
  readonly metadata?: Readonly<Record<string, unknown>>
  readonly externalId?: string
}

/** What every request that adds documents may bring. */
export interface IntakeOptions {
  /** Idempotency-Key: a repeated request with the same key and body gets the first one's answer. */
  readonly idempotencyKey?: string
}
