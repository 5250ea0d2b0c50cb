import type { Knex } from 'knex'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { quotasSchema } from '../contract/quotas.ts'
import { retrievalSchema } from '../contract/retrieval.ts'
import { readSystemConfig, writeSystemConfig } from '../stores/postgres/system-config.ts'
import { auditChange } from './audit.ts'
import type { Request } from './caller.ts'

const { defaultRetriever, topK, scoreThreshold } = retrievalSchema.shape
const { knowledgeBases, documents, storageMb, requestsPerMinute } = quotasSchema.shape

/** What an administrator can change while the service runs; it stands above the environment and below tenants. */
export const systemSettingsSchema = z.strictObject({
  retrieval: z
    .strictObject({
      defaultRetriever: defaultRetriever.unwrap().optional(),
      topK: topK.unwrap().optional(),
      scoreThreshold,
    })
    .default({}),
  /** Of tenants that are made over HTTP and bring no quotas of their own. */
  quotas: z
    .strictObject({
      knowledgeBases: knowledgeBases.unwrap().optional(),
      documents: documents.unwrap().optional(),
      storageMb: storageMb.unwrap().optional(),
      requestsPerMinute: requestsPerMinute.unwrap().optional(),
    })
    .default({}),
  /** Of keys that have no limit of their own. */
  requestsPerMinute: z.int().min(1).max(1_000_000).optional(),
})

export type SystemSettings = z.output<typeof systemSettingsSchema>

/** One row, so that several settings change together. */
const ROW = 'settings'
const TTL_MS = 3000

/** The system's settings, remembered for three seconds. */
export class SystemConfigService {
  readonly #database: Knex
  readonly #cache: LRUCache<'settings', SystemSettings>

  constructor(database: Knex, now: () => Date) {
    this.#database = database
    this.#cache = new LRUCache({
      max: 1,
      ttl: TTL_MS,
      perf: { now: () => now().getTime() },
      fetchMethod: () => read(database),
    })
  }

  async current(): Promise<SystemSettings> {
    return (await this.#cache.fetch('settings')) ?? systemSettingsSchema.parse({})
  }

  /** Replaces all settings. */
  async replace(settings: SystemSettings, request: Request): Promise<SystemSettings> {
    await this.#database.transaction(async sql => {
      await writeSystemConfig(sql, ROW, settings)
      await auditChange(sql, request, { action: 'change-system-config', target: ROW, detail: { settings } })
    })
    this.#cache.clear()
    return settings
  }
}

async function read(database: Knex): Promise<SystemSettings> {
  const stored = await readSystemConfig(database, ROW)
  // Written by a newer version, perhaps: what this one does not know does not count.
  const parsed = systemSettingsSchema.safeParse(stored ?? {})
  return parsed.success ? parsed.data : systemSettingsSchema.parse({})
}
