import { z } from 'zod'

const cache = (what: string, enabled: boolean, ttlSeconds: number) =>
  z
    .strictObject({
      enabled: z.boolean().default(enabled).describe('Whether they are remembered.'),
      ttlSeconds: z.int().min(1).max(31_536_000).default(ttlSeconds).describe('For how many seconds.'),
    })
    .prefault({})
    .describe(what)

export const cachingSchema = z.strictObject({
  embedding: cache('Vectors of queries.', true, 3600),
  llm: cache('What the LLM said to the same messages at temperature 0.', false, 1800),
  retrieval: cache('What was found, until a document or a setting changes.', false, 300),
})

export const rateLimitSchema = z.strictObject({
  requestsPerMinute: z.int().min(1).max(1_000_000).default(120).describe('Requests a minute of a key that has no limit of its own.'), // prettier-ignore
})

export const corsSchema = z.strictObject({
  origins: z
    .array(z.string().min(1).max(2048).describe('Origin, such as https://app.example.org, or `*` for all.'))
    .max(64)
    .default([])
    .describe('Origins that may call the API; empty: none.'),
})
