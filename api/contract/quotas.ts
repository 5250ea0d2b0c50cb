import { z } from 'zod'

const limit = (what: string, standard: number) => z.int().min(-1).default(standard).describe(`${what}; -1 = unlimited.`)

/** What a tenant may use up. */
export const quotasSchema = z.strictObject({
  knowledgeBases: limit('Number of knowledge bases', 10),
  documents: limit('Number of documents over all knowledge bases', 1000),
  storageMb: limit('Size of all source documents in MiB', 1024),
  requestsPerMinute: limit('Requests a minute over all keys of the tenant', -1),
})

export type Quotas = z.infer<typeof quotasSchema>

export const defaultQuotas: Quotas = quotasSchema.parse({})
