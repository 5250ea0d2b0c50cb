import { readSourceBytes, writeParsed } from '../../stores/postgres/document-sources.ts'
import { updateDocument } from '../../stores/postgres/documents.ts'
import { UnreadableDocument } from '../parsers/parser.ts'
import type { Stage } from './stage.ts'

const TITLE_LENGTH = 200
/** Characters that are parsed in less time than a transaction takes. */
const SMALL = 20_000

/** Source bytes → text and sections. @throws UnreadableDocument */
export const parseStage: Stage = {
  name: 'parse',
  async run(run) {
    const { filename, media_type: mediaType } = run.document
    const bytes = run.source ?? (await run.transaction(tenant => readSourceBytes(tenant, run.document.id)))
    const parsed = await run.parts.parse(bytes, { mediaType, ...(filename !== null && { filename }) })
    if (parsed.text.trim() === '') throw new UnreadableDocument('the document has no text in it')
    const title = run.document.title || chooseTitle(parsed.title, filename, parsed.text)
    run.document = { ...run.document, title }
    run.parsed = parsed
    run.source = null
    return {
      detail: `${parsed.text.length} characters`,
      deferrable: parsed.text.length <= SMALL,
      async commit(tenant) {
        await writeParsed(tenant, run.document.id, parsed)
        if (title !== run.document.title) await updateDocument(tenant, run.document.id, { title })
        run.document = { ...run.document, title }
      },
    }
  },
}

/** For documents that came without one: what the file says, its name, or how it begins. */
function chooseTitle(own: string | undefined, filename: string | null, text: string): string {
  const firstLine = /\S[^\n\r]*/.exec(text)?.[0] ?? ''
  return (own?.trim() || filename || firstLine.trim()).slice(0, TITLE_LENGTH).toWellFormed()
}
