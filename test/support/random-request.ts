import fc from 'fast-check'
import { z } from 'zod'
import type { Route } from '../../api/http/route.ts'
import type { Answer } from './api-client.ts'
import type { World } from './tenant-world.ts'

/** A request of tenant `self`, made for a route from nothing but what the route declares. */
export interface RandomRequest {
  readonly route: Route
  /** Ids of the other tenant that are in it. */
  readonly foreignIds: readonly string[]
  send(): Promise<Answer>
  toString(): string
}

/** Stands for an id in a generated request. `own` is made when the request is sent, so that deleting it harms nobody. */
type IdKind = 'own' | 'foreign' | 'unknown' | 'nonsense'

interface Ids {
  readonly self: World
  readonly other: World
}

type Json = Record<string, unknown>

const unknownId = '00000000-0000-4000-8000-000000000000'
const mostlyOwn = fc.constantFrom<IdKind>('own', 'own', 'own', 'foreign', 'foreign', 'unknown', 'nonsense')

export function requestFor(route: Route, self: World, other: World): fc.Arbitrary<RandomRequest> {
  const ids = { self, other }
  return fc
    .record({
      role: fc.constantFrom('admin', 'admin', 'write', 'read'),
      pathId: mostlyOwn,
      foreign: fc.constantFrom(...other.ids),
      query: optionally(fc.record(queryOf(route), { requiredKeys: [] })),
      body: route.body ? fromSchema(jsonSchema(route.body), '', ids) : fc.constant(undefined),
      fields: route.form ? fromSchema(jsonSchema(route.form), '', ids) : fc.constant(undefined),
    })
    .map(choice => {
      const asked = route.params ? choice.pathId : null
      const pathId = asked === 'foreign' ? foreignFor(route, other, choice.foreign) : asked === 'unknown' ? unknownId : 'nonsense' // prettier-ignore
      const query =
        route.query && choice.query ? `?${new URLSearchParams(choice.query as Record<string, string>).toString()}` : ''
      const sent = JSON.stringify([asked === 'foreign' ? pathId : null, choice.body, choice.fields])
      const describe = (id: string) => `${choice.role}: ${route.method} ${route.path.replace('{id}', id)}${query} ${JSON.stringify(choice.body ?? choice.fields)}` // prettier-ignore
      return {
        route,
        foreignIds: other.ids.filter(id => sent.includes(id)),
        toString: () => describe(asked === 'own' ? 'own' : pathId),
        async send() {
          const path = route.path.replace('{id}', asked === 'own' ? await self.fresh(route) : pathId) + query
          const client = self.clients[choice.role] ?? self.client
          if (route.form) return client.upload(path, { name: 'a.txt', content: `Notes of the ${self.marker}.` }, textFields(choice.fields)) // prettier-ignore
          return client.send(route.method.toUpperCase(), path, choice.body === undefined ? {} : { body: choice.body })
        },
      }
    })
}

const day = fc.constantFrom('2001-01-01', '2026-01-01', '2099-01-01')

function queryOf({ query }: Route): Record<string, fc.Arbitrary<string>> {
  if (query && 'from' in query.shape) return { from: day, to: day }
  return { page: fc.constantFrom('1', '2', '0'), page_size: fc.constantFrom('1', '100', '101') }
}

/** Mostly an id of the kind that the route takes, sometimes one of another kind. */
function foreignFor(route: Route, other: World, any: string): string {
  if (any === other.ids[0]) return any
  return other.idFor(route)
}

function textFields(fields: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries((fields ?? {}) as Json).map(([name, value]) => [name, String(value)]))
}

function jsonSchema(schema: z.ZodType): Json {
  return z.toJSONSchema(schema, { io: 'input' })
}

function optionally<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(value, { nil: undefined, freq: 3 })
}

/** Values that a JSON Schema allows; ids, names and texts come from the two tenants. */
function fromSchema(schema: Json, name: string, ids: Ids): fc.Arbitrary<unknown> {
  const options = (schema['anyOf'] ?? schema['oneOf']) as Json[] | undefined
  if (options) return fc.oneof(...options.map(option => fromSchema(option, name, ids)))
  // The others ask an LLM, which this test has none of.
  if (name === 'enrichers' && schema['enum']) return fc.constant('title_path')
  if (schema['enum']) return fc.constantFrom(...(schema['enum'] as unknown[]))
  if ('const' in schema) return fc.constant(schema['const'])
  switch (schema['type']) {
    case 'object':
      return objectFrom(schema, name, ids)
    case 'array':
      return fc.array(fromSchema(schema['items'] as Json, name, ids), { minLength: Number(schema['minItems'] ?? 0), maxLength: 3 }) // prettier-ignore
    case 'integer':
      // Half of the smallest chunk: more would mostly be refused for that alone.
      if (name === 'chunk_overlap') return fc.integer({ min: 0, max: 32 })
      return fc.integer({ min: Math.max(Number(schema['minimum'] ?? 1), -1), max: Math.min(Number(schema['maximum'] ?? 50), 5000) }) // prettier-ignore
    case 'number':
      return fc.double({ min: 0, max: 1, noNaN: true })
    case 'boolean':
      return fc.boolean()
    case 'string':
      return textFor(schema, name, ids)
    default:
      return fc.constant(null)
  }
}

function objectFrom(schema: Json, name: string, ids: Ids): fc.Arbitrary<unknown> {
  const properties = schema['properties'] as Record<string, Json> | undefined
  if (!properties) return mapFor(name, ids)
  const fields = Object.entries(properties).map(([key, value]) => [key, fromSchema(value, key, ids)] as const)
  const record = Object.fromEntries(fields)
  return fc.record(record, { requiredKeys: (schema['required'] as string[] | undefined) ?? [] })
}

function mapFor(name: string, { self }: Ids): fc.Arbitrary<unknown> {
  if (!name.includes('filter')) return fc.constantFrom({}, { year: 2025 }, { owner: self.marker })
  return fc.constantFrom(
    { year: { eq: 2025 } },
    { owner: { ne: self.marker } },
    { not: { owner: { eq: self.marker } } },
    { or: [{ owner: { exists: true } }, { owner: { exists: false } }] },
  )
}

function textFor(schema: Json, name: string, { self, other }: Ids): fc.Arbitrary<string> {
  if (schema['format'] === 'date-time') return fc.constantFrom('2099-01-01T00:00:00Z', '2001-01-01T00:00:00Z')
  if (schema['format'] === 'uuid' || name.endsWith('_ids') || name.endsWith('_id')) {
    // An external id is the tenant's own word, and the same word may mean something else to another.
    if (name === 'external_id') return fc.constantFrom('one', 'two', 'three')
    return fc.constantFrom(self.knowledgeBaseId, self.knowledgeBaseId, other.knowledgeBaseId, ...other.documentIds.slice(0, 1), unknownId) // prettier-ignore
  }
  if (name === 'model') return fc.constantFrom('selfrag', self.knowledgeBaseId, `kb:${self.marker} base`, other.knowledgeBaseId) // prettier-ignore
  // No model is offered in this test: any other choice is refused.
  if (name === 'llm' || name === 'reranker') return fc.constantFrom('none', 'none', 'none', 'openai:none-such')
  // Only what is not stored and not repeated may hold the other's word.
  if (name === 'query') return fc.constantFrom('quarterly report', `report of the ${other.marker}`, 'revenue', '*', '%')
  if (name === 'url') return fc.constantFrom(self.pageUrl, self.pageUrl, 'http://10.0.0.1/')
  if (name === 'metadata') return fc.constant(JSON.stringify({ owner: self.marker }))
  return fc.nat({ max: 1_000_000 }).map(number => `Report ${number} of the ${self.marker}`)
}
