import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Document, isMap, isScalar, type YAMLMap } from 'yaml'
import { z } from 'zod'
import { chartValuesSchema } from '../../charts/values.ts'
import type { GeneratedFile } from './generated-file.ts'
import { code, markdownTable } from './markdown-table.ts'

const HEADER = 'Generated from charts/values.ts by `npm run generate`; do not edit.'
const readme = 'charts/selfrag/README.md'

interface JsonSchema {
  readonly description?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, JsonSchema>>
}

/** The chart's values.yaml with its comments, the schema that Helm checks values with, and the table of the README. */
export function chartValues(): GeneratedFile[] {
  // Helm before 3.18 knows no draft that is newer.
  const schema = z.toJSONSchema(chartValuesSchema, { io: 'input', target: 'draft-7', reused: 'inline' }) as JsonSchema
  return [
    { path: 'charts/selfrag/values.yaml', content: valuesFile(schema) },
    { path: 'charts/selfrag/values.schema.json', content: `${JSON.stringify(schema, null, 2)}\n` },
    { path: readme, content: readmeWith(valuesTable(schema)) },
  ]
}

function valuesFile(schema: JsonSchema): string {
  const document = new Document(chartValuesSchema.parse({}))
  document.commentBefore = ` ${HEADER}`
  comment(document.contents as unknown as YAMLMap, schema)
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}

/** Puts the description of each value before it. */
function comment(map: YAMLMap, schema: JsonSchema): void {
  for (const { key, value } of map.items) {
    const field = isScalar(key) ? schema.properties?.[String(key.value)] : undefined
    if (!field || !isScalar(key)) throw new Error(`${String(key)} is in no schema`)
    key.commentBefore = ` ${field.description}`
    key.spaceBefore = field.properties !== undefined
    if (isMap(value) && field.properties) comment(value, field)
  }
}

function valuesTable(schema: JsonSchema): string {
  return markdownTable(['value', 'default', 'meaning'], valueRows(schema, chartValuesSchema.parse({}), ''))
}

function valueRows(schema: JsonSchema, defaults: unknown, path: string): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const here = path ? `${path}.${name}` : name
    const value = (defaults as Record<string, unknown>)[name]
    if (field.properties) return valueRows(field, value, here)
    return [[code(here), code(value), field.description ?? '']]
  })
}

/** @throws Error when the README has lost the marks between which the table stands */
function readmeWith(table: string): string {
  const text = readFileSync(join(import.meta.dirname, '../..', readme), 'utf8')
  const parts = /^([^]*<!-- values: .*-->\n)[^]*(<!-- end of values -->\n[^]*)$/.exec(text)
  if (!parts) throw new Error(`${readme} has no marks for the table of values`)
  return `${parts[1]}\n${table}\n\n${parts[2]}`
}
