import { z } from 'zod'

export type JsonSchema = Readonly<Record<string, unknown>>

/**
 * Turns zod schemas into JSON Schemas for one document. Schemas with `.meta({ id })` become components that are referred
 * to; everything else is written where it is used. What callers send is another component than what they get
 * (`SystemConfigInput`, `SystemConfig`): a field with a default may be missing in the one, and never is in the other.
 */
export class JsonSchemas {
  readonly components: Record<string, JsonSchema> = {}

  /** @param io what callers send (defaults are optional) or what they get (defaults are there) */
  of(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
    const {
      $schema: _dialect,
      $defs,
      ...inline
    } = z.toJSONSchema(schema, { io, override: tidy(io) }) as {
      $schema?: string
      $defs?: Record<string, JsonSchema>
    } & JsonSchema
    const nameOf = (id: string) => (io === 'input' ? `${id}Input` : id)
    for (const [id, definition] of Object.entries($defs ?? {})) {
      const { id: _id, ...component } = definition
      this.components[nameOf(id)] = pointToComponents(component, nameOf) as JsonSchema
    }
    const { id, ...rest } = inline as { id?: string } & JsonSchema
    const written = pointToComponents(rest, nameOf) as JsonSchema
    if (id === undefined) return written
    this.components[nameOf(id)] = written
    return { $ref: `${COMPONENTS}${nameOf(id)}` }
  }
}

const COMPONENTS = '#/components/schemas/'

function tidy(io: 'input' | 'output') {
  return ({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: Record<string, unknown> }) => {
    // Later versions may answer with more fields; clients that were generated from this one must bear it.
    if (io === 'output' && jsonSchema['additionalProperties'] === false) delete jsonSchema['additionalProperties']
    // The format says the same as zod's page-long pattern.
    if (zodSchema._zod.def.type === 'string' && jsonSchema['format'] !== undefined) delete jsonSchema['pattern']
    if (jsonSchema['type'] === 'integer') delete jsonSchema['pattern']
  }
}

function pointToComponents(value: unknown, nameOf: (id: string) => string): unknown {
  if (Array.isArray(value)) return value.map(item => pointToComponents(item, nameOf))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      key === '$ref' && typeof inner === 'string'
        ? [key, inner.replace(/^#\/\$defs\/(.*)/, (_, id: string) => COMPONENTS + nameOf(id))]
        : [key, pointToComponents(inner, nameOf)],
    ),
  )
}
