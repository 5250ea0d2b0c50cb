import { type FileHint, parseDocument } from './index.ts'
import { type ParsedDocument, UnreadableDocument, UnsupportedDocument } from './parser.ts'

export interface ParseTask {
  readonly bytes: Uint8Array
  readonly hint: FileHint
}

/** Errors lose their class between threads, so a refusal comes as a value. */
export type ParseAnswer =
  { readonly document: ParsedDocument } | { readonly refused: string; readonly unsupported: boolean }

/** What the threads of {@link ParserThreads} run. */
export default async function parseTask({ bytes, hint }: ParseTask): Promise<ParseAnswer> {
  try {
    return { document: await parseDocument(bytes, hint) }
  } catch (error) {
    if (!(error instanceof UnreadableDocument)) throw error
    return { refused: error.message, unsupported: error instanceof UnsupportedDocument }
  }
}
