import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readSecret } from './home.ts'
import { type IndexedDocuments, indexDocuments } from './index-documents.ts'
import { localApiClient } from './local-api-client.ts'
import type { StandaloneSettings } from './settings.ts'
import type { Terminal } from './terminal.ts'

const TENANT = 'acme'
const KNOWLEDGE_BASE = 'handbook'

/** How the sample's knowledge base was filled, for the text that greets the user. */
export interface Handbook extends IndexedDocuments {
  /** Path of the key to read it with. */
  readonly keyPath: string
}

/**
 * Indexes the documentation into the sample's knowledge base. Null when the resources that were applied are not
 * the samples: then there is nothing to fill.
 * @throws when the API refuses, and the signal's reason when it is aborted
 */
export async function indexHandbook(
  { home, documentation }: StandaloneSettings,
  url: string,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Handbook | null> {
  const adminKey = await readSecret(join(home.keys, TENANT, 'admin'))
  if (!adminKey) return null
  const api = localApiClient(url, adminKey, signal)
  const { items } = await api.request<{ items: { id: string; name: string }[] }>('GET', '/v1/knowledge-bases?page_size=100') // prettier-ignore
  const handbook = items.find(({ name }) => name === KNOWLEDGE_BASE)
  if (!handbook) return null
  const bar = terminal.progress('  indexing the documentation')
  const wait = (ms: number) => delay(ms, undefined, { signal })
  const indexed = await indexDocuments(api, documentation, handbook.id, wait, ({ done, total }) =>
    bar.update(done, total),
  ).finally(() => bar.end())
  return { keyPath: join(home.keys, TENANT, 'reader'), ...indexed }
}
