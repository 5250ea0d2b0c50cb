/** A manual page as a known item. */
export interface ManPage {
  /** The words behind the dash of its first section, without the names before it. */
  readonly summary: string
  /** Everything after that section. */
  readonly text: string
}

/** Reads a page in roff (man macros), without a formatter: words and paragraphs, no layout. Null for a page that is none. Pure. */
export function readManPage(source: string): ManPage | null {
  const [, name, ...sections] = source.split(/^\.S[Hh]\s+/m)
  const summary = name === undefined ? undefined : plain(afterHeading(name)).match(/\s[-–—]+\s+([^]+)/)?.[1]
  if (summary === undefined || sections.length === 0) return null
  return { summary: summary.replace(/\s+/g, ' ').trim(), text: sections.map(plain).join('\n\n').trim() }
}

function afterHeading(section: string): string {
  return section.slice(section.indexOf('\n') + 1)
}

function plain(section: string): string {
  return section
    .replace(/^\.TS\n[^]*?^\.TE$/gm, '')
    .split('\n')
    .map(line => unescaped(withoutMacro(line)))
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
}

/** A paragraph is an empty line; what sets type says its words; the rest (comments, indents) says nothing. */
function withoutMacro(line: string): string {
  const [, macro, words = ''] = line.match(/^[.'][ \t]*([A-Za-z]{1,3})?[ \t]*(.*)$/) ?? []
  if (!/^[.']/.test(line)) return line
  if (['PP', 'P', 'LP', 'TP', 'IP', 'HP', 'SS'].includes(macro ?? '')) return macro === 'SS' ? `\n${words}` : ''
  if (!['B', 'I', 'R', 'BR', 'RB', 'BI', 'IB', 'IR', 'RI', 'SM', 'SB'].includes(macro ?? '')) return ''
  const parts = [...words.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare)
  return parts.join((macro ?? '').length === 2 && macro !== 'SM' && macro !== 'SB' ? '' : ' ')
}

const characters: Readonly<Record<string, string>> = { '-': '-', e: '\\', "'": "'", '`': '`', ' ': ' ', '~': ' ', '.': '.' } // prettier-ignore

function unescaped(line: string): string {
  return line
    .replace(/\\".*$/, '')
    .replace(/\\f(\[[^\]]*\]|\(..|.)/g, '')
    .replace(/\\s[-+]?\d/g, '')
    .replace(
      /\\(\[[^\]]*\]|\((..))/g,
      (_, _name, two?: string) => ({ aq: "'", lq: '“', rq: '”', co: '©', em: '—', en: '–' })[two ?? ''] ?? '',
    ) // prettier-ignore
    .replace(/\\(.)/g, (_, one: string) => characters[one] ?? '')
}
