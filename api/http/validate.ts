import type { z } from 'zod'
import { ApiError } from '../contract/error-codes.ts'
import { describeIssue } from '../contract/describe-issue.ts'

const MOST_FAULTS = 5

/**
 * Input as its schema has it.
 * @param where `body`, `query`: names the part when the fault is not in one of its fields
 * @throws ApiError VALIDATION_ERROR telling up to five faults, each with the path of its field
 */
export function validate<S extends z.ZodType>(schema: S, input: unknown, where: string): z.output<S> {
  const parsed = schema.safeParse(input, { error: describeIssue })
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map(issue => `${fieldPath(issue.path) || where}: ${issue.message}`)
  const more = faults.length - MOST_FAULTS
  throw new ApiError(
    'VALIDATION_ERROR',
    faults.slice(0, MOST_FAULTS).join('; ') + (more > 0 ? `; and ${more} more` : ''),
  )
}

/** `documents[3].metadata` */
export function fieldPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text ? `${text}.${String(key)}` : String(key)),
    '',
  )
}
