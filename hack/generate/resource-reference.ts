import { GROUP, VERSION, type ResourceDefinition } from '../../crds/definition.ts'
import { definitions } from './custom-resource-definition.ts'
import type { GeneratedFile } from './generated-file.ts'
import { code, markdownTable } from './markdown-table.ts'
import { structuralSchema, type StructuralSchema } from './structural-schema.ts'

/** docs/reference/rag-pipeline.md, docs/reference/rag-tenant.md */
export function resourceReferences(): GeneratedFile[] {
  return definitions.map(definition => ({
    path: `docs/reference/${definition.kind.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()}.md`,
    content: page(definition),
  }))
}

function page(definition: ResourceDefinition): string {
  const schema = structuralSchema(definition.schema)
  const [spec, status] = [schema.properties?.['spec'] ?? {}, schema.properties?.['status'] ?? {}]
  return `<!-- Generated from crds/*.ts by \`npm run generate\`; do not edit. -->

# ${definition.kind}

${schema.description}

\`${GROUP}/${VERSION}\`, namespaced; short name \`${definition.shortNames.join('`, `')}\`. A field in bold is required. An example is in
[config/samples](../../config/samples).

## What you write

${fieldTable(spec, 'spec')}

## What is refused

${ruleTable(schema)}

## What the operator writes

${fieldTable(status, 'status')}
`
}

function fieldTable(schema: StructuralSchema, path: string): string {
  return markdownTable(['field', 'type', 'default', 'meaning'], fieldRows(schema, path))
}

/** One row a field, parents before children. */
function fieldRows(schema: StructuralSchema, path: string): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const here = `${path}.${name}`
    const required = schema.required?.includes(name)
    const row = [required ? `**${code(here)}**` : code(here), typeOf(field), defaultOf(field), field.description ?? '']
    const items = field.items?.properties ? fieldRows(field.items, `${here}[]`) : []
    return [row, ...fieldRows(field, here), ...items]
  })
}

function typeOf(field: StructuralSchema): string {
  if (field['x-kubernetes-int-or-string']) return 'quantity'
  if (field['enum']) return (field['enum'] as unknown[]).map(value => code(value)).join(' ')
  if (field.type === 'array') return `list of ${field.items?.properties ? 'objects' : typeOf(field.items ?? {})}`
  if (field.additionalProperties) return `map to ${typeOf(field.additionalProperties)}`
  const { minimum, maximum } = field as { minimum?: number; maximum?: number }
  if (minimum === undefined && maximum === undefined) return field.type ?? ''
  return `${field.type} ${minimum ?? ''}…${maximum ?? ''}`
}

/** The default of an object is that of its fields, which have rows of their own. */
function defaultOf(field: StructuralSchema): string {
  return field.properties ? '' : code(field.default)
}

function ruleTable(schema: StructuralSchema): string {
  return markdownTable(['where', 'what the API server says'], ruleRows(schema, ''))
}

function ruleRows(schema: StructuralSchema, path: string): string[][] {
  const rules = (schema['x-kubernetes-validations'] ?? []) as { message: string }[]
  const own = rules.map(rule => [code(path || 'metadata.name'), rule.message])
  const children = Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
    ruleRows(field, path ? `${path}.${name}` : name),
  )
  return [...own, ...children, ...(schema.items ? ruleRows(schema.items, `${path}[]`) : [])]
}
