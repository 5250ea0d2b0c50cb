import { setTimeout as delay } from 'node:timers/promises'
import type { Send } from './api-client.ts'
import type { EvalDocument } from './dataset.ts'

/** Limits of the API. */
const BATCH = 50
const LONGEST_TITLE = 500

/** What the API's batch route says of each document. */
interface BatchReply {
  items: { index: number; document_id?: string; error?: { code: string; detail: string } }[]
}

interface DocumentList {
  items: { id: string; title: string; error: { message: string } | null }[]
  total: number
}

export interface Indexed {
  readonly knowledgeBaseId: string
  /** Data set ids by the API's document id; several where documents have the same content. */
  readonly ids: ReadonlyMap<string, readonly string[]>
  /** Refused ones, with the reason: empty documents, say. */
  readonly rejected: readonly { readonly id: string; readonly reason: string }[]
  readonly seconds: number
}

/** Makes a knowledge base, sends it the documents by the batch route and waits until each of them can be found. */
export async function indexDocuments(
  send: Send,
  settings: { readonly name: string; readonly chunking?: Readonly<Record<string, unknown>> },
  documents: readonly EvalDocument[],
  onProgress: (line: string) => void,
): Promise<Indexed> {
  const start = performance.now()
  const { id } = await send<{ id: string }>('POST', '/v1/knowledge-bases', settings)
  const ids = new Map<string, string[]>()
  const rejected: { id: string; reason: string }[] = []
  for (let offset = 0; offset < documents.length; offset += BATCH) {
    const batch = documents.slice(offset, offset + BATCH)
    const { items } = await send<BatchReply>('POST', `/v1/knowledge-bases/${id}/documents/batch`, {
      // An empty title is none: the API then makes one up.
      documents: batch.map(({ id: external_id, title, text }) => ({
        ...(title.trim() && { title: title.trim().slice(0, LONGEST_TITLE) }),
        content: text,
        external_id,
      })),
    })
    for (const { index, document_id, error } of items) {
      const document = batch[index]!
      if (document_id) ids.set(document_id, [...(ids.get(document_id) ?? []), document.id])
      else rejected.push({ id: document.id, reason: error ? `${error.code}: ${error.detail}` : 'no reason given' })
    }
  }
  await untilReady(send, id, ids.size, onProgress)
  await untilMeasured(send, id, onProgress)
  return { knowledgeBaseId: id, ids, rejected, seconds: (performance.now() - start) / 1000 }
}

/**
 * The worth of the legs is measured when nothing waits to be ingested; questions before that get the fusion of a knowledge base
 * that has just been filled. Given up after a minute: small knowledge bases are never measured.
 */
async function untilMeasured(send: Send, kb: string, onProgress: (line: string) => void): Promise<void> {
  const end = performance.now() + 60_000
  while (performance.now() < end) {
    const asked = { query: 'what is this about?', knowledge_base_ids: [kb], retriever: 'hybrid', include_trace: true }
    const { trace } = await send<{ trace: Record<string, unknown> }>('POST', '/v1/retrieve', asked)
    if (trace['leg_worth'] || trace['fallback']) return onProgress(`worth of the legs: ${JSON.stringify(trace['leg_worth'])}`) // prettier-ignore
    await delay(500)
  }
}

async function untilReady(send: Send, kb: string, expected: number, onProgress: (line: string) => void): Promise<void> {
  const withStatus = (status: string) =>
    send<DocumentList>('GET', `/v1/knowledge-bases/${kb}/documents?status=${status}&page_size=1`)
  for (;;) {
    const [ready, failed] = await Promise.all([withStatus('ready'), withStatus('failed')])
    onProgress(`${ready.total} of ${expected} documents ready`)
    const [first] = failed.items
    if (first) throw new Error(`${failed.total} documents failed, the first (${first.title}): ${first.error?.message}`)
    if (ready.total >= expected) return
    await delay(500)
  }
}
