import { readFile, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'

/** A Markdown file of the project, as it goes into the knowledge base. */
interface SourceDocument {
  readonly external_id: string
  readonly title: string
  readonly content: string
  readonly media_type: 'text/markdown'
  readonly metadata: { readonly path: string }
}

export interface Progress {
  readonly total: number
  readonly done: number
}

/** Calls the API as an application would: that the product indexes its own documentation is also a test of it. */
export interface ApiClient {
  /** Resolves with the body of a 2xx answer; rejects with the answer's `detail` otherwise. */
  request<T>(method: string, path: string, body?: unknown): Promise<T>
}

interface DocumentList {
  readonly items: readonly { readonly status: string }[]
  readonly pages: number
}

/**
 * Puts the project's README and docs into a knowledge base and waits until each is searchable. Files that have not
 * changed since the last time are known by their content, so a second call does next to nothing.
 * @returns how many documents are searchable
 */
export async function indexDocuments(
  api: ApiClient,
  root: string,
  knowledgeBaseId: string,
  wait: (ms: number) => Promise<void>,
  onProgress: (progress: Progress) => void,
): Promise<number> {
  const path = `/v1/knowledge-bases/${knowledgeBaseId}/documents`
  const documents = await readDocuments(root)
  for (let at = 0; at < documents.length; at += PAGE)
    await api.request('POST', `${path}/batch`, { documents: documents.slice(at, at + PAGE) })
  for (;;) {
    const statuses = await listStatuses(api, path)
    const unsettled = statuses.filter(status => status !== 'ready' && status !== 'failed').length
    onProgress({ total: statuses.length, done: statuses.length - unsettled })
    if (unsettled === 0) return statuses.filter(status => status === 'ready').length
    await wait(POLL_MS)
  }
}

/** The most that the batch route takes. */
const PAGE = 50

/** Well below the key's 120 requests a minute. */
const POLL_MS = 1_000

async function listStatuses(api: ApiClient, path: string): Promise<string[]> {
  const statuses: string[] = []
  for (let page = 1, pages = 1; page <= pages; page++) {
    const list = await api.request<DocumentList>('GET', `${path}?page=${page}&page_size=100`)
    statuses.push(...list.items.map(({ status }) => status))
    pages = list.pages
  }
  return statuses
}

async function readDocuments(root: string): Promise<SourceDocument[]> {
  const inDocs = (await readdir(join(root, 'docs'), { recursive: true, withFileTypes: true }))
    .filter(entry => entry.isFile() && entry.name.endsWith('.md'))
    .map(entry => join(entry.parentPath, entry.name))
  const paths = [join(root, 'README.md'), ...inDocs.sort()]
  return Promise.all(paths.map(async path => sourceDocument(relative(root, path), await readFile(path, 'utf8'))))
}

function sourceDocument(path: string, content: string): SourceDocument {
  const title = /^# (.+)$/m.exec(content)?.[1] ?? path
  return { external_id: path, title, content, media_type: 'text/markdown', metadata: { path } }
}
