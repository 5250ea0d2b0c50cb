import { posix } from 'node:path'

/** A mention of a file, a heading or an npm script that is not there. */
export interface BrokenReference {
  readonly file: string
  readonly line: number
  readonly mention: string
}

/** The tree that is looked at: paths from its root with `/`. */
export interface Tree {
  readonly paths: ReadonlySet<string>
  /** Text of a file, for headings that links point to. */
  readonly read: (path: string) => string
  readonly scripts: ReadonlySet<string>
}

/**
 * What a file says about others that is not true: links of Markdown, paths in comments and prose, `npm run …`. A path may be
 * told from the root, from any folder above the file, or as the bare name of a file that there is. Pure.
 */
export function brokenReferences(file: string, text: string, tree: Tree): BrokenReference[] {
  const prose = file.endsWith('.md') ? text : commentsOf(text)
  const at = (index: number) => text.slice(0, index).split('\n').length
  const broken = (pattern: RegExp, holds: (mention: string) => boolean) =>
    [...prose.matchAll(pattern)]
      .map(match => ({ file, line: at(match.index), mention: match[1] ?? match[0] }))
      .filter(({ mention }) => !holds(mention))
  return [
    ...broken(PATH, mention => isPath(file, mention, tree)),
    ...broken(SCRIPT, mention => tree.scripts.has(mention)),
    ...(file.endsWith('.md') ? broken(LINK, target => isTarget(file, target, tree)) : []),
  ].sort((a, b) => a.line - b.line)
}

/** `api/contract/names.ts`, `retry.ts`; not a part of a URL, of a package's name, or of a pattern with `*`, `<` or `…`. */
const PATH = /(?<![\w@:/.…<>*{}$-])(?:\.{0,2}\/)?((?:[\w-][\w.-]*\/)*[\w-][\w.-]*\.(?:ts|mjs|md))(?![\w/*…-])/g
const SCRIPT = /\bnpm run (?:-\w+ )*([\w:-]*\w)/g
const LINK = /\]\(((?!\w+:)[^)\s]+)\)/g

/** Everything but comments and strings of paths as blanks, so that places stay. URLs are no paths. */
function commentsOf(code: string): string {
  const blank = (text: string) => text.replace(/[^\n]/g, ' ')
  const comments = /(?<!['"`])\/\*[\s\S]*?\*\/|(?<![:'"`\w])\/\/[^\n]*/g
  let end = 0
  const kept = [...code.matchAll(comments)].map(({ index, 0: comment }) => {
    const between = blank(code.slice(end, index))
    end = index + comment.length
    return between + comment.replace(/\w+:\/\/\S+/g, blank)
  })
  return kept.join('') + blank(code.slice(end))
}

function isPath(file: string, mention: string, { paths }: Tree): boolean {
  if (!mention.includes('/')) return paths.has(mention) || [...paths].some(path => path.endsWith(`/${mention}`))
  const folders = ['api', 'operator', '', ...foldersAbove(file)]
  return folders.some(folder => paths.has(posix.join(folder, mention)))
}

function foldersAbove(file: string): string[] {
  const folder = posix.dirname(file)
  return folder === '.' ? [] : [folder, ...foldersAbove(folder)]
}

function isTarget(file: string, target: string, tree: Tree): boolean {
  const [path = '', heading] = target.split('#')
  const full = path === '' ? file : posix.join(posix.dirname(file), path).replace(/\/$/, '')
  if (![...tree.paths].some(each => each === full || each.startsWith(`${full}/`))) return false
  return heading === undefined || headingsOf(tree.read(full)).includes(heading)
}

/** As GitHub makes them. */
function headingsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#{1,6} +(.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  )
}
