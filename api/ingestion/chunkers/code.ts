import type { Chunker } from './chunker.ts'
import { withSyntax } from './grammars.ts'
import { pack } from './pack.ts'
import { recursiveChunker } from './recursive.ts'
import { declaredSections, syntaxPieces } from './syntax-pieces.ts'
import { toChunks } from './to-chunks.ts'

/**
 * Source code by its syntax: functions, methods and statements stay whole as long as they fit, with the comment above
 * them; headings are the names that a chunk is inside of. The language is told by the text. What is no code of a known
 * language is cut as `recursive` does.
 */
export const codeChunker: Chunker = {
  name: 'code',
  async chunk(document, settings) {
    const { text } = document
    const { chunkSize, chunkOverlap } = settings
    const code = await withSyntax(text, root => ({
      pieces: syntaxPieces(text, root, chunkSize),
      sections: declaredSections(root),
    }))
    if (!code) return recursiveChunker.chunk(document, settings)
    const spans = pack(text, code.pieces, { size: chunkSize, overlap: chunkOverlap })
    const sections = code.sections.length > 0 ? code.sections : document.sections
    return toChunks({ ...document, sections }, spans)
  },
}
