import { z } from 'zod'
import { describeIssue } from '../api/contract/describe-issue.ts'
import { API_VERSION } from './definition.ts'
import { ragPipelineSchema, type RagPipeline } from './rag-pipeline.ts'
import { ragTenantSchema, type RagTenant } from './rag-tenant.ts'

export type Resource = RagPipeline | RagTenant

/** A resource that the API server would refuse too; `faults` has one line a field. */
export class InvalidResource extends Error {
  override readonly name = 'InvalidResource'
  readonly faults: readonly string[]
  constructor(what: string, faults: readonly string[]) {
    super(`${what} is not valid:\n${faults.map(fault => `  ${fault}`).join('\n')}`)
    this.faults = faults
  }
}

/**
 * Checks an object (parsed YAML) as the API server would, rules included, and fills in the defaults.
 * @throws InvalidResource
 */
export function parseResource(object: unknown): Resource {
  const head = z.object({ apiVersion: z.string(), kind: z.string() }).safeParse(object)
  const { apiVersion, kind } = head.success ? head.data : { apiVersion: '(none)', kind: '(none)' }
  if (apiVersion !== API_VERSION || (kind !== 'RagPipeline' && kind !== 'RagTenant')) {
    throw new InvalidResource('object', [
      `apiVersion ${apiVersion}, kind ${kind}: must be ${API_VERSION} and RagPipeline or RagTenant`,
    ])
  }
  return kind === 'RagPipeline' ? parseRagPipeline(object) : parseRagTenant(object)
}

/** @throws InvalidResource */
export function parseRagPipeline(object: unknown): RagPipeline {
  return orThrow(ragPipelineSchema.safeParse(object, { error: describeIssue }), object)
}

/** @throws InvalidResource */
export function parseRagTenant(object: unknown): RagTenant {
  return orThrow(ragTenantSchema.safeParse(object, { error: describeIssue }), object)
}

function orThrow<T>(parsed: z.ZodSafeParseResult<T>, object: unknown): T {
  if (parsed.success) return parsed.data
  throw new InvalidResource(nameOf(object), parsed.error.issues.map(issueLine))
}

function nameOf(object: unknown): string {
  const named = z.object({ kind: z.string(), metadata: z.object({ name: z.string() }) }).safeParse(object)
  return named.success ? `${named.data.kind} ${named.data.metadata.name}` : 'resource'
}

function issueLine(issue: z.core.$ZodIssue): string {
  const path = formatPath(issue.path)
  return path ? `${path}: ${issue.message}` : issue.message
}

/** `['spec', 'apiKeys', 0, 'name']` → `spec.apiKeys[0].name`, as the API server writes paths. */
function formatPath(path: readonly PropertyKey[]): string {
  return path.map(part => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('').replace(/^\./, '') // prettier-ignore
}
