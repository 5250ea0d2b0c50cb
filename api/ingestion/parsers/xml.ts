import { XMLParser } from 'fast-xml-parser'
import { decodeAs, encodingOf } from './decode-text.ts'
import { UnreadableDocument } from './parser.ts'

/** An element of a parsed file; `text` is that of a text node, whose name is `#text`. */
export interface XmlNode {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlNode[]
  readonly text: string
}

const ATTRIBUTES = ':@'
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  trimValues: false,
  // The five of XML; entities that a file declares itself are how small files become large.
  processEntities: { enabled: true, maxEntityCount: 0, maxTotalExpansions: 1_000_000, maxExpandedLength: 100_000_000 },
  maxNestedTags: 256,
})

/** @throws UnreadableDocument for what is not well-formed */
export function parseXml(bytes: Uint8Array): XmlNode[] {
  const marked = encodingOf(bytes)
  try {
    return (parser.parse(decodeAs(marked, bytes)) as object[]).map(nodeOf)
  } catch (cause) {
    if (cause instanceof UnreadableDocument) throw cause
    throw new UnreadableDocument(`the file is damaged: a part of it is not XML (${(cause as Error).message})`, {
      cause,
    })
  }
}

function nodeOf(raw: object): XmlNode {
  const { [ATTRIBUTES]: attributes = {}, ...rest } = raw as Record<string, unknown>
  const [name = '', content] = Object.entries(rest)[0] ?? []
  const children = Array.isArray(content) ? (content as object[]).map(nodeOf) : []
  return { name, attributes: attributes as Record<string, string>, children, text: name === '#text' ? String(content) : '' } // prettier-ignore
}

/** All nodes, in the order in which they begin. */
export function* walk(nodes: readonly XmlNode[]): Generator<XmlNode> {
  for (const node of nodes) {
    yield node
    yield* walk(node.children)
  }
}

export function find(nodes: readonly XmlNode[], name: string): XmlNode | undefined {
  for (const node of walk(nodes)) if (node.name === name) return node
  return undefined
}

export function textOf(node: XmlNode): string {
  return [...walk([node])].map(({ text }) => text).join('')
}
