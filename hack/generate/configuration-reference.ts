import type { z } from 'zod'
import { configurationSchema, type VariableName } from '../../api/contract/configuration.ts'
import { reservedVariables } from '../../crds/reserved-variables.ts'
import type { GeneratedFile } from './generated-file.ts'
import { code, markdownTable } from './markdown-table.ts'

/** docs/reference/configuration.md: every environment variable. */
export function configurationReference(): GeneratedFile[] {
  const rows = Object.keys(configurationSchema.shape).map(name => row(name as VariableName))
  const content = `<!-- Generated from api/contract/configuration.ts by \`npm run generate\`; do not edit. -->

# Configuration

The API and the worker read these environment variables when they start and refuse to start with a faulty one, naming it and what to set
instead. An empty variable counts as unset. In a cluster the operator sets them from the fields of the
[RagPipeline](rag-pipeline.md) in the last column; those without a field can be set in \`spec.api.env\` and \`spec.worker.env\`. Secrets are
printed nowhere.

${markdownTable(['variable', 'default', 'meaning', 'field of RagPipeline'], rows)}
`
  return [{ path: 'docs/reference/configuration.md', content }]
}

function row(name: VariableName): string[] {
  const schema = configurationSchema.shape[name]
  const meaning = `${schema.description ?? ''}${schema.meta()?.['secret'] ? ' **Secret.**' : ''}`
  return [code(name), code(standard(schema)), meaning, fieldOf(name)]
}

/** As one would write it in the environment; nothing when the variable has no default. */
function standard(schema: z.ZodType): string {
  const parsed = schema.safeParse(undefined)
  if (!parsed.success || parsed.data === undefined) return ''
  return Array.isArray(parsed.data) ? parsed.data.join(',') : JSON.stringify(parsed.data).replace(/^"|"$/g, '')
}

function fieldOf(name: VariableName): string {
  const field: string | undefined = (reservedVariables as Partial<Record<VariableName, string>>)[name]
  if (field === undefined) return ''
  return field.startsWith('spec.') ? code(field) : `${field} (set by the operator)`
}
