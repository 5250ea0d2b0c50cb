import { relative } from 'node:path'
import type { Home } from './home.ts'
import type { Handbook } from './index-handbook.ts'
import type { Standalone } from './start.ts'

/** What a person needs next: the address, where the keys are, and one line that works when it is pasted. */
export function greeting(
  { url, lexicalReason, configuration }: Omit<Standalone, 'stop'>,
  home: Home,
  handbook: Handbook | null,
  workingDirectory: string,
): string {
  const shown = (path: string) => {
    const near = relative(workingDirectory, path)
    return near.startsWith('..') ? path : near
  }
  const answers = configuration.LLM_PROVIDER === 'none' ? 'sentences of the documents, cited (no LLM is set)' : `${configuration.LLM_PROVIDER} ${configuration.LLM_MODEL ?? ''}` // prettier-ignore
  const lines = [
    '',
    `selfrag is ready   ${url}   (docs: ${url}/docs)`,
    `  API keys         ${shown(home.keys)}/<tenant>/<name>`,
    `  admin token      ${shown(home.adminToken)}`,
    `  stores           embedded Postgres with pgvector in ${shown(home.database)}; the addresses in the pipeline resource are for a cluster`,
    `  embeddings       ${lexicalReason === null ? configuration.EMBEDDING_MODEL : `none, lexical mode (BM25 only): ${lexicalReason}`}`,
    `  answers          ${answers}`,
  ]
  if (handbook) lines.push('', `Try it (${counted(handbook)}):`, '', curlLine(url, shown(handbook.keyPath)))
  return [...lines, '', 'Ctrl-C ends it.', ''].join('\n')
}

function counted({ searchable, following }: Handbook): string {
  const indexed = `${searchable} documents are indexed`
  return following === 0 ? indexed : `${indexed}, ${following} generated ones follow`
}

function curlLine(url: string, keyPath: string): string {
  const body = JSON.stringify({ query: 'How does a tenant get its API keys?', top_k: 3 })
  return `  curl -s ${url}/v1/retrieve -H "Authorization: Bearer $(cat ${keyPath})" -H 'Content-Type: application/json' -d '${body}'`
}
