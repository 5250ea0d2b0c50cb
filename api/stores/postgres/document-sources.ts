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
