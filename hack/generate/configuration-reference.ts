import { z } from 'zod'
import { backupConfigurationSchema } from '../../api/contract/backup.ts'
import { configurationSchema, type VariableName } from '../../api/contract/configuration.ts'
import { reservedVariables } from '../../crds/reserved-variables.ts'
import { operatorConfigSchema } from '../../operator/config.ts'
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

/** docs/reference/operator-configuration.md: the operator's own variables. */
export function operatorConfigurationReference(): GeneratedFile[] {
  const rows = Object.entries(operatorConfigSchema.shape).map(([name, schema]) => [
    code(name),
    // The only default that depends on the machine.
    name === 'POD_NAME' ? 'the host name' : code(standard(schema)),
    schema.description ?? '',
  ])
  const content = `<!-- Generated from operator/config.ts by \`npm run generate\`; do not edit. -->

# Configuration of the operator

Environment variables of the operator itself; [config/manager](../../config/manager) sets them. What it runs is configured by
[RagPipeline](rag-pipeline.md) and [RagTenant](rag-tenant.md).

${markdownTable(['variable', 'default', 'meaning'], rows)}
`
  return [{ path: 'docs/reference/operator-configuration.md', content }]
}

/** docs/reference/backup-configuration.md: what backup and restore read besides. */
export function backupConfigurationReference(): GeneratedFile[] {
  const rows = Object.entries(backupConfigurationSchema.shape).map(([name, schema]) => [
    code(name),
    code(standard(schema)),
    `${schema.description ?? ''}${schema.meta()?.['secret'] ? ' **Secret.**' : ''}`,
  ])
  const content = `<!-- Generated from api/contract/backup.ts by \`npm run generate\`; do not edit. -->

# Configuration of backup and restore

\`hack/backup\` and \`hack/restore\` read these environment variables, and those of the [API](configuration.md) for the stores. In a cluster the
operator sets them from \`spec.backup\` of the [RagPipeline](rag-pipeline.md).

${markdownTable(['variable', 'default', 'meaning'], rows)}
`
  return [{ path: 'docs/reference/backup-configuration.md', content }]
}

function row(name: VariableName): string[] {
  const schema = configurationSchema.shape[name]
  const meaning = `${schema.description ?? ''}${schema.meta()?.['secret'] ? ' **Secret.**' : ''}`
  return [code(name), code(standard(schema)), meaning, fieldOf(name)]
}

/** As one would write it in the environment; nothing when the variable has no default. */
function standard(schema: z.ZodType): string {
  const parsed = schema.safeParse(undefined)
  const value: unknown = parsed.success ? parsed.data : undefined
  if (value === undefined) return ''
  if (Array.isArray(value)) return value.join(',')
  if (typeof value !== 'object') return JSON.stringify(value).replace(/^"|"$/g, '')
  // What was written has become something else, such as host and port of `:8080`.
  return String(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }).default)
}

function fieldOf(name: VariableName): string {
  const field: string | undefined = (reservedVariables as Partial<Record<VariableName, string>>)[name]
  if (field === undefined) return ''
  return field.startsWith('spec.') ? code(field) : `${field} (set by the operator)`
}
