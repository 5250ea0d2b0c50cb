import type { Knex } from 'knex'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { modelChoiceSchema } from '../contract/model-reference.ts'
import { quotasSchema } from '../contract/quotas.ts'
import { retrievalSchema } from '../contract/retrieval.ts'
import { readSystemConfig, writeSystemConfig } from '../stores/postgres/system-config.ts'
import { auditChange } from './audit.ts'
import type { Request } from './caller.ts'

const { defaultRetriever, topK, scoreThreshold, rerank, queryTransform, contextWindow } = retrievalSchema.shape
const { knowledgeBases, documents, storageMb, requestsPerMinute } = quotasSchema.shape

/** A setting that an older or newer version wrote, and that this one does not understand, counts as not set. */
const setting = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined)

/** What an administrator can change while the service runs; it stands above the environment and below tenants. */
const systemSettingsSchema = z
  .object({
    retrieval: z
      .object({
        defaultRetriever: setting(defaultRetriever.unwrap()),
        topK: setting(topK.unwrap()),
        scoreThreshold: setting(scoreThreshold),
        rerank: setting(rerank.unwrap()),
        queryTransform: setting(queryTransform.unwrap()),
        contextWindow: setting(contextWindow.unwrap()),
      })
      .catch({}),
    /** Of tenants that are made over HTTP and bring no quotas of their own. */
    quotas: z
      .object({
        knowledgeBases: setting(knowledgeBases.unwrap()),
        documents: setting(documents.unwrap()),
        storageMb: setting(storageMb.unwrap()),
        requestsPerMinute: setting(requestsPerMinute.unwrap()),
      })
      .catch({}),
    /** Models of everybody who chooses none. */
    models: modelChoiceSchema.catch({}).default({}),
    /** Of keys that have no limit of their own. */
    requestsPerMinute: setting(z.int().min(1).max(1_000_000)),
  })
  .catch({ retrieval: {}, quotas: {}, models: {} })

export type SystemSettings = z.output<typeof systemSettingsSchema>

/** One row, so that several settings change together. */
const ROW = 'settings'
const TTL_MS = 3000

/** The system's settings, remembered for three seconds. */
export class SystemConfigService {
  readonly #database: Knex
  #cache: LRUCache<'settings', SystemSettings>
  readonly #now: () => Date

  constructor(database: Knex, now: () => Date) {
    this.#database = database
    this.#now = now
    this.#cache = this.#emptyCache()
  }

  #emptyCache(): LRUCache<'settings', SystemSettings> {
    return new LRUCache({
      max: 1,
      ttl: TTL_MS,
      perf: { now: () => this.#now().getTime() },
      fetchMethod: () => read(this.#database),
    })
  }

  async current(): Promise<SystemSettings> {
    return (await this.#cache.fetch('settings')) ?? readSettings(undefined)
  }

  /** Replaces all settings. */
  async replace(settings: SystemSettings, request: Request): Promise<SystemSettings> {
    await this.#database.transaction(async sql => {
      await writeSystemConfig(sql, ROW, settings)
      await auditChange(sql, request, { action: 'change-system-config', target: ROW, detail: { settings } })
    })
    // Emptying the old one would fail the requests that wait for it just now.
    this.#cache = this.#emptyCache()
    return settings
  }
}

async function read(database: Knex): Promise<SystemSettings> {
  return readSettings(await readSystemConfig(database, ROW))
}

/** The settings as they are stored. One that cannot be understood never takes the others, such as quotas, with it. Pure. */
export function readSettings(stored: unknown): SystemSettings {
  return systemSettingsSchema.parse(stored)
}
