import { readFile, readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Documentation } from './settings.ts'

/** A Markdown file, as it goes into the knowledge base. */
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

interface ListedDocument {
  readonly external_id: string | null
  readonly status: string
}

interface DocumentList {
  readonly items: readonly ListedDocument[]
  readonly pages: number
}

/** What became of a document of a batch; without a status it was refused. */
interface BatchAnswer {
  readonly items: readonly { readonly status?: string }[]
}

export interface IndexedDocuments {
  readonly searchable: number
  /** Generated pages that are still being indexed. */
  readonly following: number
}

/**
 * Puts Markdown into a knowledge base, usually the project's README and docs, and waits until what people wrote is searchable. The
 * generated reference (`docs/reference`) comes after them and is not waited for: it is more than half of the text, and the first question
 * should not have to wait for it. Files that have not changed since the last time are known by their content, so a second
 * call does next to nothing.
 */
export async function indexDocuments(
  api: ApiClient,
  documentation: Documentation,
  knowledgeBaseId: string,
  wait: (ms: number) => Promise<void>,
  onProgress: (progress: Progress) => void,
): Promise<IndexedDocuments> {
  const path = `/v1/knowledge-bases/${knowledgeBaseId}/documents`
  const documents = await readDocuments(documentation)
  const written = documents.filter(document => !isReference(document))
  await submit(api, path, written)
  const searchable = await untilSettled(api, path, written, wait, onProgress)
  const statuses = await submit(api, path, documents.filter(isReference))
  const following = statuses.filter(isUnsettled).length
  return { searchable: searchable + statuses.filter(status => status === 'ready').length, following }
}

function isReference({ external_id }: SourceDocument): boolean {
  return external_id.startsWith('docs/reference/')
}

/** Gives the documents' statuses, in order; undefined for one that was refused. */
async function submit(api: ApiClient, path: string, documents: readonly SourceDocument[]) {
  const statuses: (string | undefined)[] = []
  for (let at = 0; at < documents.length; at += PAGE) {
    const { items } = await api.request<BatchAnswer>('POST', `${path}/batch`, { documents: documents.slice(at, at + PAGE) }) // prettier-ignore
    statuses.push(...items.map(({ status }) => status))
  }
  return statuses
}

/** Gives how many of the documents are searchable in the end. */
async function untilSettled(
  api: ApiClient,
  path: string,
  documents: readonly SourceDocument[],
  wait: (ms: number) => Promise<void>,
  onProgress: (progress: Progress) => void,
): Promise<number> {
  const awaited = new Set<string | null>(documents.map(({ external_id }) => external_id))
  for (;;) {
    const listed = await listDocuments(api, path)
    const statuses = listed.filter(({ external_id }) => awaited.has(external_id)).map(({ status }) => status)
    const unsettled = statuses.filter(isUnsettled).length
    onProgress({ total: statuses.length, done: statuses.length - unsettled })
    if (unsettled === 0) return statuses.filter(status => status === 'ready').length
    await wait(POLL_MS)
  }
}

function isUnsettled(status: string | undefined): boolean {
  return status === 'queued' || status === 'processing'
}

/** The most that the batch route takes. */
const PAGE = 50

/** Well below the key's 120 requests a minute. */
const POLL_MS = 1_000

async function listDocuments(api: ApiClient, path: string): Promise<ListedDocument[]> {
  const documents: ListedDocument[] = []
  for (let page = 1, pages = 1; page <= pages; page++) {
    const list = await api.request<DocumentList>('GET', `${path}?page=${page}&page_size=100`)
    documents.push(...list.items)
    pages = list.pages
  }
  return documents
}

async function readDocuments({ root, paths }: Documentation): Promise<SourceDocument[]> {
  const found = Promise.all(paths.map(path => markdownIn(join(root, path))))
  const files = await found.catch((cause: unknown) => {
    throw new Error(`cannot read the Markdown in ${root}; SELFRAG_DOCS names another folder`, { cause })
  })
  return Promise.all(files.flat().map(async file => sourceDocument(relative(root, file), await readFile(file, 'utf8'))))
}

/** The file itself, or those of a folder and of the folders in it. */
async function markdownIn(path: string): Promise<string[]> {
  if ((await stat(path)).isFile()) return [path]
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries
    .filter(entry => entry.isFile() && entry.name.endsWith('.md'))
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
}

function sourceDocument(path: string, content: string): SourceDocument {
  const title = /^# (.+)$/m.exec(content)?.[1] ?? path
  return { external_id: path, title, content, media_type: 'text/markdown', metadata: { path } }
}
