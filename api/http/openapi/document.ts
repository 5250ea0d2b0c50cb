import { z } from 'zod'
import { errorCodes } from '../../contract/error-codes.ts'
import type { EventSchemas, ResponseDefinition, Route } from '../route.ts'
import { type JsonSchema, JsonSchemas } from './json-schemas.ts'
import { errorsByStatus } from './operation-errors.ts'

type Json = Record<string, unknown>

const errorSchema = z
  .object({
    detail: z.string().describe('What was wrong, with which value, and what to do. For people.'),
    code: z.enum(errorCodes).describe('What was wrong. For programs.'),
  })
  .meta({ id: 'Error' })

const openAiErrorSchema = z
  .object({
    error: z.object({
      message: z.string().describe('What was wrong, with which value, and what to do.'),
      type: z.string(),
      param: z.string().nullable().describe('The field that was wrong, where it was one.'),
      code: z.string().nullable(),
    }),
  })
  .meta({ id: 'OpenAiError' })

const tagDescriptions: Readonly<Record<string, string>> = {
  retrieval: 'Find passages, and answer questions from them.',
  'knowledge bases': 'Collections of documents that are searched together.',
  documents: 'What knowledge bases are made of; indexed in the background.',
  'API keys': 'Keys of the tenant.',
  webhooks: 'Where the tenant is told of what happens.',
  usage: 'What the tenant has used: calls, tokens, documents.',
  OpenAI: 'For clients of OpenAI, unchanged: point their base URL to `/v1`.',
  admin: 'For who runs the service: tenants, settings, the audit log.',
  operations: 'Probes, metrics and this description.',
}

/** The OpenAPI 3.1 description of the routes: made from the very schemas that they validate with. Pure. */
export function openApiDocument(routes: readonly Route[], version: string): Json {
  const schemas = new JsonSchemas()
  const paths: Record<string, Json> = {}
  for (const route of routes) (paths[route.path] ??= {})[route.method] = operation(route, schemas)
  const used = new Set(routes.flatMap(({ tags }) => tags))
  return {
    openapi: '3.1.0',
    info: {
      title: 'selfrag',
      version,
      description: 'Multi-tenant retrieval: documents in, passages and cited answers out.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    tags: [...used].map(name => ({ name, description: tagDescriptions[name] ?? name })),
    paths,
    components: {
      schemas: schemas.components,
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'An API key of a tenant: `kb_sk_…`.' },
        adminToken: { type: 'apiKey', in: 'header', name: 'X-Admin-Token', description: 'The value of ADMIN_TOKEN.' },
      },
    },
  }
}

function operation(route: Route, schemas: JsonSchemas): Json {
  const parameters = [
    ...parametersOf(route.params, 'path', schemas),
    ...parametersOf(route.query, 'query', schemas),
    ...parametersOf(route.headers, 'header', schemas),
  ]
  const body = requestBody(route, schemas)
  return {
    operationId: route.operationId,
    summary: route.summary,
    description: [route.description, access(route)].filter(Boolean).join('\n\n'),
    tags: route.tags,
    security: security(route),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: body }),
    responses: responses(route, schemas),
  }
}

function access({ auth }: Route): string {
  if (auth === 'public') return ''
  return auth === 'admin'
    ? 'Needs the admin token.'
    : `Needs an API key with the role \`${auth.role}\` or a higher one.`
}

function security({ auth }: Route): Json[] {
  if (auth === 'public') return []
  return [auth === 'admin' ? { adminToken: [] } : { apiKey: [] }]
}

function parametersOf(
  fields: z.ZodObject<z.core.$ZodLooseShape> | undefined,
  place: 'path' | 'query' | 'header',
  schemas: JsonSchemas,
): Json[] {
  if (!fields) return []
  const { properties, required } = schemas.of(fields, 'input') as {
    properties?: Record<string, JsonSchema>
    required?: string[]
  }
  return Object.entries(properties ?? {}).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: place === 'path' || (required ?? []).includes(name),
    ...(description !== undefined && { description }),
    schema: { ...schema, ...defaultOf(fields.shape[name] as z.ZodType) },
  }))
}

/** zod leaves defaults of fields out that are transformed. */
function defaultOf(field: z.ZodType): { default?: unknown } {
  const absent = field.safeParse(undefined)
  return absent.success && absent.data !== undefined ? { default: absent.data } : {}
}

function requestBody(route: Route, schemas: JsonSchemas): Json | null {
  if (route.form) return { required: true, content: { 'multipart/form-data': { schema: formSchema(route.form, schemas) } } } // prettier-ignore
  if (!route.body) return null
  const optional = route.body.safeParse(undefined).success
  return { required: !optional, content: { 'application/json': { schema: schemas.of(route.body, 'input') } } }
}

function formSchema(form: z.ZodType, schemas: JsonSchemas): Json {
  const fields = schemas.of(form, 'input') as { properties?: Json; required?: string[] }
  return {
    ...fields,
    properties: { file: { type: 'string', format: 'binary', description: 'The file.' }, ...fields.properties },
    required: ['file', ...(fields.required ?? [])],
  }
}

function responses(route: Route, schemas: JsonSchemas): Json {
  const own = Object.entries(route.responses).map(([status, definition]) => [status, response(definition, schemas)])
  const errors = [...errorsByStatus(route)]
    .filter(([status]) => !(status in route.responses))
    .map(([status, codes]) => [
      String(status),
      {
        description: codes.join(', '),
        content: {
          'application/json': {
            schema: schemas.of(route.errorShape === 'openai' ? openAiErrorSchema : errorSchema, 'output'),
          },
        },
      },
    ])
  return Object.fromEntries([...own, ...errors]) as Json
}

/**
 * The schema is that of one event, in the form that OpenAPI 3.2 gives them: its lines by their names, and what the text of
 * its data holds. The name `message` is not sent.
 */
function eventStream(events: EventSchemas, schemas: JsonSchemas): Json {
  const anyOf = Object.entries(events).map(([name, schema]) => ({
    title: name,
    type: 'object',
    properties: { ...(name !== 'message' && { event: { const: name } }), data: eventData(schema, schemas) },
    required: name === 'message' ? ['data'] : ['event', 'data'],
  }))
  return { schema: { description: `One event: ${Object.keys(events).join(', ')}.`, anyOf } }
}

/** JSON, or words that are sent as they are. */
function eventData(schema: z.ZodType, schemas: JsonSchemas): Json {
  if (schema instanceof z.ZodUnion) return { anyOf: schema.options.map(option => eventData(option as z.ZodType, schemas)) } // prettier-ignore
  if (schema instanceof z.ZodLiteral) return { const: schema.value }
  return { type: 'string', contentMediaType: 'application/json', contentSchema: schemas.of(schema, 'output') }
}

function response(definition: ResponseDefinition, schemas: JsonSchemas): Json {
  const content = {
    ...(definition.schema && { 'application/json': { schema: schemas.of(definition.schema, 'output') } }),
    ...(definition.events && { 'text/event-stream': eventStream(definition.events, schemas) }),
    ...(definition.text && { [definition.text]: { schema: { type: 'string' } } }),
  }
  return { description: definition.description, ...(Object.keys(content).length > 0 && { content }) }
}
