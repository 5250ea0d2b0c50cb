import { type Json, ApiClient } from '../../support/api-client.ts'
import { eventually } from '../../support/eventually.ts'
import { ok } from '../../support/api.ts'
import { CHUNKS_IN_DOCUMENT, type Corpus } from './corpus.ts'
import type { BenchOptions } from './options.ts'
import type { Stack } from './stack.ts'

const BATCH = 25

export interface FilledTenant {
  readonly id: string
  readonly key: string
  readonly knowledgeBaseId: string
}

const unlimited = { knowledge_bases: -1, documents: -1, storage_mb: -1, requests_per_minute: -1 }

/** Tenants that share a collection, each with its part of the chunks in one knowledge base, ingested by the worker. */
export async function fill(stack: Stack, corpus: Corpus, { tenants, chunks }: BenchOptions): Promise<FilledTenant[]> {
  const documents = Math.ceil(chunks / tenants / CHUNKS_IN_DOCUMENT)
  const filled: FilledTenant[] = []
  for (let number = 0; number < tenants; number++)
    filled.push(await fillTenant(stack, corpus, `bench-${number}`, documents))
  for (const { key } of filled) await untilIndexed(new ApiClient(stack.url, bearer(key)), documents)
  return filled
}

export function bearer(key: string) {
  return { authorization: `Bearer ${key}` }
}

async function fillTenant(stack: Stack, corpus: Corpus, name: string, documents: number): Promise<FilledTenant> {
  const { id } = ok(await stack.admin.post('/admin/tenants', { name, slug: name, quotas: unlimited }))
  const { key } = ok(
    await stack.admin.post(`/admin/tenants/${id}/api-keys`, { name, role: 'admin', rate_limit_per_minute: 1_000_000 }),
  )
  const client = new ApiClient(stack.url, bearer(key))
  const base = ok(await client.post('/v1/knowledge-bases', { name, chunking: { chunker: 'markdown' } }))
  for (let from = 0; from < documents; from += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, documents - from) }, (_, index) => ({
      title: `Document ${from + index}`,
      content: corpus.document(),
      metadata: { year: 2000 + ((from + index) % 25), kind: index % 2 ? 'report' : 'letter' },
    }))
    ok(await client.post(`/v1/knowledge-bases/${base.id}/documents/batch`, { documents: batch }))
  }
  return { id, key, knowledgeBaseId: base.id }
}

async function untilIndexed(client: ApiClient, documents: number): Promise<void> {
  await eventually(
    async () => {
      const { items } = ok(await client.get('/v1/knowledge-bases')) as { items: Json[] }
      const base = ok(await client.get(`/v1/knowledge-bases/${items[0].id}/documents?status=ready&page_size=1`))
      if (base.total < documents) throw new Error(`${base.total} of ${documents} documents are ready`)
    },
    900_000,
    500,
  )
}
