import { z } from 'zod'
import { ApiError, type ErrorCode } from '../contract/error-codes.ts'

interface Kind {
  readonly what: string
  readonly code: ErrorCode
}

const kinds = z.registry<Kind>()

/**
 * A UUID in a path. Text that cannot be one is told exactly as an unknown id is, so that nobody learns more from the one
 * than from the other: 404 with the resource's own code.
 */
export function identifier(what: string, code: ErrorCode) {
  // Postgres and scopes must see one spelling.
  return z.uuid().toLowerCase().describe(`Id of the ${what}.`).register(kinds, { what, code })
}

export const knowledgeBaseParams = z.strictObject({ id: identifier('knowledge base', 'KB_NOT_FOUND') })
export const documentParams = z.strictObject({ id: identifier('document', 'DOC_NOT_FOUND') })
export const apiKeyParams = z.strictObject({ id: identifier('API key', 'API_KEY_NOT_FOUND') })
export const webhookParams = z.strictObject({ id: identifier('webhook', 'WEBHOOK_NOT_FOUND') })
export const tenantParams = z.strictObject({ id: identifier('tenant', 'TENANT_NOT_FOUND') })

/** @throws ApiError with the code of the first id that cannot be one */
export function parseParams(schema: z.ZodObject<z.core.$ZodLooseShape>, params: Readonly<Record<string, unknown>>) {
  const parsed = schema.safeParse(params)
  if (parsed.success) return parsed.data
  const name = String(parsed.error.issues[0]?.path[0])
  const kind = kinds.get(schema.shape[name] as z.ZodType)
  throw notFound(kind?.what ?? name, String(params[name]), kind?.code ?? 'NOT_FOUND')
}

/** The same words for what does not exist, is another tenant’s or outside the scope. */
export function notFound(what: string, id: string, code: ErrorCode): ApiError {
  return new ApiError(code, `${what} ${JSON.stringify(id.slice(0, 100))} does not exist`)
}
