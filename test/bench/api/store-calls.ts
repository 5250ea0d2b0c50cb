import { createServer, request as forward } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openApplication } from './open-application.ts'
import type { BenchQuery } from './query.ts'
import type { Stack } from './stack.ts'

/** What the product sends to its vector store for one query. */
export type StoreCall =
  | { readonly engine: 'qdrant'; readonly path: string; readonly body: string }
  | { readonly engine: 'pgvector'; readonly sql: string; readonly values: readonly unknown[] }

/** Asks the queries in this process, with the product's own code, and gives the searches that reach the store. */
export async function storeCalls(stack: Stack, queries: readonly BenchQuery[]): Promise<StoreCall[]> {
  const recorder = await recordQdrant(stack.environment['QDRANT_URL'])
  const application = await openApplication({ ...stack.environment, ...recorder?.environment })
  const statements: StoreCall[] = []
  application.stores.database.on('query', ({ sql, bindings }: { sql: string; bindings: unknown[] }) => {
    if (sql.includes('AS distance')) statements.push({ engine: 'pgvector', sql, values: bindings })
  })
  try {
    for (const { tenant, body } of queries) {
      const { scope } = await application.gate.authentication.authenticate(tenant.key)
      await application.services.retrieval.retrieve(scope, {
        query: body.query,
        knowledgeBaseIds: body.knowledge_base_ids,
        topK: body.top_k,
        retriever: body.retriever,
        metadataFilter: body.metadata_filter,
      })
    }
  } finally {
    await application.close()
    await recorder?.close()
  }
  const calls = recorder?.calls ?? statements
  if (calls.length !== queries.length)
    throw new Error(`${queries.length} queries became ${calls.length} searches in the store; one each was expected`)
  return calls
}

/** A proxy that notes the searches; null where there is no Qdrant. */
async function recordQdrant(target: string | undefined) {
  if (!target) return null
  const calls: StoreCall[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body = Buffer.concat(parts)
      const path = request.url ?? '/'
      if (path.includes('/points/query')) calls.push({ engine: 'qdrant', path, body: body.toString() })
      const { method, headers } = request
      const url = new URL(path, target)
      const sent = forward(url, { method, headers: { ...headers, host: url.host } }, answer => {
        answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers))
      })
      sent.on('error', () => response.destroy())
      sent.end(body)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const environment = { QDRANT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
  const close = async () => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
  return { calls, environment, close }
}
