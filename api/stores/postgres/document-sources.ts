import type { Section } from '../../contract/section.ts'
import type { DocumentSourceRow } from './rows.ts'
import type { TenantTransaction } from './tenant-scope.ts'

type Tenant = Pick<TenantTransaction, 'sql'>

function table({ sql }: Tenant) {
  return sql<DocumentSourceRow>('document_sources')
}

export async function insertSource(tenant: Tenant, documentId: string, bytes: Buffer): Promise<void> {
  await table(tenant).insert({ document_id: documentId, bytes })
}

/** New bytes make what was parsed from the old ones worthless. */
export async function replaceSource(tenant: Tenant, documentId: string, bytes: Buffer): Promise<void> {
  await table(tenant).where({ document_id: documentId }).update({ bytes, parsed_text: null, sections: null })
}

/** @throws Error when the document has no source: it was deleted meanwhile */
export async function readSourceBytes(tenant: Tenant, documentId: string): Promise<Buffer> {
  const row = await table(tenant).where({ document_id: documentId }).first('bytes')
  if (!row) throw new Error(`document ${documentId} has no source`)
  return row.bytes
}

export interface ParsedSource {
  readonly text: string
  readonly sections: readonly Section[]
}

/** Null before the parse stage has run. */
export async function readParsed(tenant: Tenant, documentId: string): Promise<ParsedSource | null> {
  const row = await table(tenant).where({ document_id: documentId }).first('parsed_text', 'sections')
  if (row?.parsed_text == null) return null
  return { text: row.parsed_text, sections: row.sections ?? [] }
}

export async function writeParsed(tenant: Tenant, documentId: string, parsed: ParsedSource): Promise<void> {
  await table(tenant)
    .where({ document_id: documentId })
    .update({ parsed_text: parsed.text, sections: JSON.stringify(parsed.sections) as never })
}

/** The source stays; the parse stage has to run again. */
export async function forgetParsed(tenant: Tenant, documentId: string): Promise<void> {
  await table(tenant).where({ document_id: documentId }).update({ parsed_text: null, sections: null })
}

export interface TextSpan {
  readonly documentId: string
  /** In UTF-16 code units, `end` excluded. */
  readonly start: number
  readonly end: number
}

interface SpanRow {
  place: number
  /** The span; or, where `whole`, the text from its beginning to the span's end or further. */
  text: string | null
  whole: boolean
}

/**
 * Parts of parsed texts, in the order of the spans; null where there is no such document in the scope, or its text is
 * shorter. Postgres counts code points: only where a character outside the basic plane comes before a span's end does more
 * than the span travel.
 */
export async function readParsedPassages(
  { sql, scope }: Pick<TenantTransaction, 'sql' | 'scope'>,
  spans: readonly TextSpan[],
): Promise<(string | null)[]> {
  const allowed = scope.knowledgeBaseIds === 'all' ? null : [...scope.knowledgeBaseIds]
  const { rows } = await sql.raw<{ rows: SpanRow[] }>(
    `SELECT place, whole, CASE WHEN whole THEN head ELSE substring(head FROM start + 1) END AS text
       FROM (SELECT wanted.place, wanted.start, left(source.parsed_text, wanted.stop) AS head,
                    left(source.parsed_text, wanted.stop) ~ '[\\U00010000-\\U0010FFFF]' AS whole
               FROM unnest(?::int[], ?::uuid[], ?::int[], ?::int[]) AS wanted (place, document_id, start, stop)
               JOIN document_sources source USING (document_id)
               JOIN documents ON documents.id = document_id AND (?::uuid[] IS NULL OR documents.kb_id = ANY(?::uuid[]))
              WHERE source.parsed_text IS NOT NULL) AS found`,
    [
      spans.map((_, place) => place),
      spans.map(({ documentId }) => documentId),
      spans.map(({ start }) => start),
      spans.map(({ end }) => end),
      allowed,
      allowed,
    ],
  )
  const texts = new Map(rows.map(({ place, text, whole }) => [place, whole ? cut(text, spans[place]!) : text]))
  return spans.map(({ start, end }, place) => {
    const text = texts.get(place) ?? null
    return text?.length === end - start ? text : null
  })
}

function cut(text: string | null, { start, end }: TextSpan): string | null {
  return text?.slice(start, end) ?? null
}
