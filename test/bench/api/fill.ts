import { ApiClient } from '../../support/api-client.ts'
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
export async function fill(
  stack: Stack,
  corpus: Corpus,
  { tenants, chunks }: Pick<BenchOptions, 'tenants' | 'chunks'>,
): Promise<FilledTenant[]> {
  const documents = Math.ceil(chunks / tenants / CHUNKS_IN_DOCUMENT)
  const filled: FilledTenant[] = []
  for (let number = 0; number < tenants; number++) {
    const tenant = await makeTenant(stack, `bench-${number}`)
    filled.push(tenant)
    for (let from = 0; from < documents; from += BATCH)
      await submit(
        stack,
        tenant,
        Array.from({ length: Math.min(BATCH, documents - from) }, () => corpus.document()),
        from,
      )
  }
  for (const tenant of filled) await untilReady(stack, tenant, documents)
  return filled
}

export function bearer(key: string) {
  return { authorization: `Bearer ${key}` }
}

/** A tenant without limits, with a key and an empty knowledge base. */
export async function makeTenant(stack: Stack, name: string, more: object = {}): Promise<FilledTenant> {
  const { id } = ok(await stack.admin.post('/admin/tenants', { name, slug: name, quotas: unlimited, ...more }))
  const { key } = ok(
    await stack.admin.post(`/admin/tenants/${id}/api-keys`, { name, role: 'admin', rate_limit_per_minute: 1_000_000 }),
  )
  const client = new ApiClient(stack.url, bearer(key))
  const base = ok(await client.post('/v1/knowledge-bases', { name, chunking: { chunker: 'markdown' } }))
  return { id, key, knowledgeBaseId: base.id }
}

/** Sends documents, at most 50. @param from the number of the first, for titles and metadata */
export async function submit(
  stack: Stack,
  tenant: FilledTenant,
  contents: readonly string[],
  from: number,
): Promise<void> {
  const documents = contents.map((content, index) => ({
    title: `Document ${from + index}`,
    content,
    metadata: { year: 2000 + ((from + index) % 25), kind: (from + index) % 2 ? 'report' : 'letter' },
  }))
  const client = new ApiClient(stack.url, bearer(tenant.key))
  ok(await client.post(`/v1/knowledge-bases/${tenant.knowledgeBaseId}/documents/batch`, { documents }))
}

/** Documents of a tenant that can be found. */
export async function countReady(stack: Stack, tenant: FilledTenant): Promise<number> {
  const client = new ApiClient(stack.url, bearer(tenant.key))
  return ok(await client.get(`/v1/knowledge-bases/${tenant.knowledgeBaseId}/documents?status=ready&page_size=1`)).total
}

export async function untilReady(
  stack: Stack,
  tenant: FilledTenant,
  documents: number,
  intervalMs = 500,
): Promise<void> {
  await eventually(
    async () => {
      const ready = await countReady(stack, tenant)
      if (ready < documents) throw new Error(`${ready} of ${documents} documents are ready`)
    },
    900_000,
    intervalMs,
  )
}
