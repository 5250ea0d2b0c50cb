import type { DefaultTreeAdapterTypes } from 'parse5'

export type HtmlNode = DefaultTreeAdapterTypes.ChildNode
export type HtmlElement = DefaultTreeAdapterTypes.Element
type HtmlParent = DefaultTreeAdapterTypes.ParentNode

/** Never text. */
const invisible = new Set(['script', 'style', 'noscript', 'template', 'head', 'svg', 'math', 'iframe', 'object', 'canvas', 'audio', 'video', 'select', 'button', 'dialog']) // prettier-ignore

/** Around the text of a page, not its text. Inside of an article a header holds its heading. */
const furniture = new Set(['nav', 'aside', 'footer'])

/** The one element that says it is the main content, else the body. */
export function mainContent(document: HtmlParent): HtmlParent {
  return (
    findElement(document, element => element.tagName === 'main' || attribute(element, 'role') === 'main') ??
    onlyArticle(document) ??
    findElement(document, element => element.tagName === 'body') ??
    document
  )
}

/** A list of several articles has no main one. */
function onlyArticle(document: HtmlParent): HtmlElement | undefined {
  const [first, second] = elementsOf(document).filter(element => element.tagName === 'article')
  return second ? undefined : first
}

export function isInvisible(element: HtmlElement): boolean {
  return (
    invisible.has(element.tagName) ||
    furniture.has(element.tagName) ||
    ['navigation', 'banner', 'contentinfo', 'search'].includes(attribute(element, 'role') ?? '') ||
    attribute(element, 'hidden') !== undefined ||
    attribute(element, 'aria-hidden') === 'true'
  )
}

export function findElement(root: HtmlParent, wanted: (element: HtmlElement) => boolean): HtmlElement | undefined {
  return elementsOf(root).find(wanted)
}

/** Text of everything below, as it stands in the source. */
export function textContent(root: HtmlParent): string {
  return nodesOf(root).map(node => ('value' in node ? node.value : '')).toArray().join('') // prettier-ignore
}

function* elementsOf(root: HtmlParent): Generator<HtmlElement> {
  for (const node of nodesOf(root)) if ('tagName' in node) yield node
}

/** All nodes below, in document order. Without recursion: a page may be nested 100,000 deep. */
function* nodesOf(root: HtmlParent): Generator<HtmlNode> {
  const left = [...root.childNodes].reverse()
  for (let node = left.pop(); node; node = left.pop()) {
    yield node
    if ('childNodes' in node) for (let index = node.childNodes.length; index-- > 0;) left.push(node.childNodes[index]!)
  }
}

function attribute(element: HtmlElement, name: string): string | undefined {
  return element.attrs.find(each => each.name === name)?.value
}
