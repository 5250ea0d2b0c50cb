import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import treeSitter, { type Language, type Node, type Parser, type Tree } from '@vscode/tree-sitter-wasm'

/** Languages that are told by what their grammar makes of the text: where two fit equally well the first one is taken. */
const guessed = ['typescript', 'python', 'go', 'rust', 'java', 'c-sharp', 'cpp', 'tsx'] as const
/** Languages whose grammars accept nearly any words, so that the text itself must say so. */
const declared = [
  ['ruby', /^\s*(?:def|class|module) \S[^]*^\s*end\s*$/m],
  ['php', /<\?php\b/],
  ['bash', /^#!.*\b(?:ba|z|da|k)?sh\b/],
  ['powershell', /^#!.*\bpwsh\b/],
] as const

/** So much of a text decides about its language. */
const SAMPLE = 4096
/** A larger part of the sample that is no syntax of a language means that the text is in another one, or prose. */
const MOST_ERRORS = 0.05

const folder = dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm'))
const loaded = new Map<string, Promise<Language>>()
let initialized: Promise<void> | undefined

/**
 * Parses source code of any language that there is a grammar for.
 * @param use is given the root of the tree, which is gone afterwards
 * @returns what `use` gives; null for a text that is no code of a known language
 */
export async function withSyntax<Result>(text: string, use: (root: Node) => Result): Promise<Result | null> {
  const language = await languageOf(text)
  return language && parsed(language, text, tree => use(tree.rootNode))
}

async function languageOf(text: string): Promise<Language | null> {
  const sample = text.slice(0, text.lastIndexOf('\n', SAMPLE) + 1 || SAMPLE)
  const named = declared.find(([, mark]) => mark.test(sample))
  if (named) return load(named[0])
  let best: { language: Language; errors: number } | undefined
  for (const name of guessed) {
    const language = await load(name)
    const errors = parsed(language, sample, tree => errorsIn(tree.rootNode)) / sample.length
    if (errors === 0) return language
    if (errors <= MOST_ERRORS && errors < (best?.errors ?? Infinity)) best = { language, errors }
  }
  return best?.language ?? null
}

function load(name: string): Promise<Language> {
  const known = loaded.get(name)
  if (known) return known
  initialized ??= treeSitter.Parser.init({ locateFile: (file: string) => join(folder, file) })
  const loading = initialized.then(() => treeSitter.Language.load(join(folder, `tree-sitter-${name}.wasm`)))
  loaded.set(name, loading)
  return loading
}

function parsed<Result>(language: Language, text: string, use: (tree: Tree) => Result): Result {
  const parser: Parser = new treeSitter.Parser()
  try {
    parser.setLanguage(language)
    const tree = parser.parse(text)
    if (!tree) throw new Error('tree-sitter gave no tree for a text') // only when it is cancelled, which nobody does
    try {
      return use(tree)
    } finally {
      tree.delete()
    }
  } finally {
    parser.delete()
  }
}

/** Characters that the grammar has no place for; what it misses counts as one. */
function errorsIn(root: Node): number {
  const open = [root]
  let errors = 0
  for (let node = open.pop(); node; node = open.pop()) {
    if (node.isError || node.isMissing) errors += Math.max(1, node.endIndex - node.startIndex)
    else if (node.hasError) open.push(...node.children.filter(child => child !== null))
  }
  return errors
}
