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

interface BatchAnswer {
  readonly items: readonly { readonly document_id?: string }[]
}

const BATCH = 50

/**
 * Puts the project's README and docs into a knowledge base and waits until each is searchable. Files that have not
 * changed since the last time are known by their content, so a second call does next to nothing.
 */
export async function indexDocuments(
  api: ApiClient,
  root: string,
  knowledgeBaseId: string,
  wait: (ms: number) => Promise<void>,
  onProgress: (progress: Progress) => void,
): Promise<number> {
  const documents = await readDocuments(root)
  const pending = new Set<string>()
  for (let at = 0; at < documents.length; at += BATCH) {
    const batch = documents.slice(at, at + BATCH)
    const answer = await api.request<BatchAnswer>('POST', `/v1/knowledge-bases/${knowledgeBaseId}/documents/batch`, {
      documents: batch,
    })
    for (const item of answer.items) if (item.document_id) pending.add(item.document_id)
  }
  const total = pending.size
  while (pending.size > 0) {
    for (const id of [...pending]) if (await isSettled(api, id)) pending.delete(id)
    onProgress({ total, done: total - pending.size })
    if (pending.size > 0) await wait(200)
  }
  return total
}

async function isSettled(api: ApiClient, documentId: string): Promise<boolean> {
  const { status } = await api.request<{ status: string }>('GET', `/v1/documents/${documentId}`)
  return status === 'ready' || status === 'failed'
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
