import type { Section } from '../../contract/section.ts'

export interface ParsedDocument {
  readonly text: string
  /** What the file itself says its title is. */
  readonly title?: string
  /** Ascending by `start`. */
  readonly sections: readonly Section[]
}

/** Turns a file's bytes into text. One file a format, registered in index.ts, chosen by content, not by name. */
export interface Parser {
  readonly format: string
  /** The media types that it reads. */
  readonly mediaTypes: readonly string[]
  /** How names of such files end, without the dot. */
  readonly endings: readonly string[]
  /** @throws UnreadableDocument saying what is wrong with the file and what to do */
  parse(bytes: Uint8Array, hint: { readonly filename?: string }): Promise<ParsedDocument>
}

/** The file cannot be read as what it is: broken, empty, encrypted, in another encoding. A retry does not help. */
export class UnreadableDocument extends Error {
  override readonly name: string = 'UnreadableDocument'
}

/** The file is of a format that no parser reads; over HTTP a 415. */
export class UnsupportedDocument extends UnreadableDocument {
  override readonly name = 'UnsupportedDocument'
}

export type { Section }
