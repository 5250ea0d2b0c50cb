import type { Node } from '@vscode/tree-sitter-wasm'
import type { Section } from '../../contract/section.ts'
import type { Span } from './span.ts'

/**
 * Parts of source code that belong together, in order and without gaps: declarations and statements that are no longer
 * than `size` whole, larger ones by their own parts. A comment goes with what stands below it.
 */
export function syntaxPieces(text: string, root: Node, size: number): Span[] {
  const starts = new Set([0])
  const open = [root]
  for (let node = open.pop(); node; node = open.pop()) {
    if (node.endIndex - node.startIndex <= size) continue
    for (const part of partsOf(node)) {
      // What begins in the middle of a line, such as the body of a class, stays with what is before it.
      const start = lineStart(text, part.start)
      if (start !== null) starts.add(start)
      open.push(part.node)
    }
  }
  const ascending = [...starts].sort((a, b) => a - b)
  return ascending.map((start, index) => ({ start, end: ascending[index + 1] ?? text.length }))
}

interface Part {
  readonly node: Node
  /** Where the comment above it starts, if there is one. */
  readonly start: number
}

/** What a node is made of, without punctuation and with comments as parts of what they stand above. */
function partsOf(node: Node): Part[] {
  const parts: Part[] = []
  let comment: number | undefined
  for (const child of node.namedChildren) {
    if (!child) continue
    const start = comment ?? child.startIndex
    comment = child.type.includes('comment') ? start : undefined
    if (comment === undefined) parts.push({ node: child, start })
  }
  return parts
}

/** The beginning of the position's line; null when there is more than indentation before the position. */
function lineStart(text: string, position: number): number | null {
  let start = position
  while (start > 0 && (text[start - 1] === ' ' || text[start - 1] === '\t')) start--
  return start === 0 || text[start - 1] === '\n' ? start : null
}

const declaration =
  /declaration|definition|declarator|(?:class|function|method|module|impl|trait|struct|enum|interface|namespace)(?:_item)?$/
/** What a declaration may be inside of without being inside of another one. */
const wrapper = /^(?:export_statement|decorated_definition|template_declaration|ambient_declaration)$/
/** Declarations inside of a smaller one are not told: a chunk has room for it whole. */
const SMALLEST_OUTER = 200

/** The names that the code at each place is inside of: class, then method. As sections, which give chunks their headings. */
export function declaredSections(root: Node): Section[] {
  const sections: Section[] = []
  const open: (Part & { readonly path: readonly string[] })[] = [{ node: root, start: 0, path: [] }]
  for (let next = open.pop(); next; next = open.pop()) {
    const { node, start, path } = next
    const name = declaration.test(node.type) ? nameOf(node) : undefined
    const inside = name === undefined ? path : [...path, name]
    if (name !== undefined) sections.push({ start, headings: inside }, { start: node.endIndex, headings: path })
    if (node.endIndex - node.startIndex < SMALLEST_OUTER && !wrapper.test(node.type)) continue
    for (const [index, part] of partsOf(node).entries()) {
      // `export` and decorators stand around a declaration, which begins where they do.
      const isWrapped = index === 0 && name === undefined
      open.push({ node: part.node, start: isWrapped ? start : part.start, path: inside })
    }
  }
  return distinct(sections)
}

/** `name` in most grammars; Rust's `impl` has a type, and C's functions a declarator around their name. */
function nameOf(node: Node): string | undefined {
  const name = node.childForFieldName('name') ?? node.childForFieldName('type')
  const declarator = node.childForFieldName('declarator')?.childForFieldName('declarator')
  const text = (name && !declarator ? name : declarator)?.text
  return text && !text.includes('\n') ? text.slice(0, 80) : undefined
}

/** In order; where one declaration ends and the next one begins, the next one counts. */
function distinct(sections: readonly Section[]): Section[] {
  const sorted = [...sections].sort((a, b) => a.start - b.start || a.headings.length - b.headings.length)
  return sorted.filter(({ start }, index) => sorted[index + 1]?.start !== start)
}
