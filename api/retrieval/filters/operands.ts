import { z } from 'zod'
import { dateTimeMs } from '../../stores/vectors/date-time.ts'

const MAX_TEXT_CHARACTERS = 4096
const MAX_LIST_LENGTH = 1000

const says = (error: string) => ({ error })
const scalarWords = 'a string, a number, true or false'
const text = z
  .string(says(`must be ${scalarWords}`))
  .max(MAX_TEXT_CHARACTERS, says(`must have at most ${MAX_TEXT_CHARACTERS} characters`))
const scalar = z.union([text, z.number(), z.boolean()], {
  error: issue =>
    typeof issue.input === 'string' ? `must have at most ${MAX_TEXT_CHARACTERS} characters` : `must be ${scalarWords}`,
})
const list = z
  .array(scalar, says(`must be a list of values, each ${scalarWords}`))
  .max(MAX_LIST_LENGTH, says(`must have at most ${MAX_LIST_LENGTH} values`))
const bound = z
  .union([z.number(), z.string()], says('must be a number, or an RFC 3339 date-time such as "2024-05-01T12:00:00Z"'))
  .refine(
    value => typeof value === 'number' || dateTimeMs(value) !== null,
    says('must be a number, or an RFC 3339 date-time such as "2024-05-01T12:00:00Z" (or a date)'),
  )

/** What each operator takes. */
export const operands = {
  eq: scalar,
  ne: scalar,
  in: list,
  nin: list,
  gt: bound,
  gte: bound,
  lt: bound,
  lte: bound,
  exists: z.boolean(says('must be true or false')),
  contains: scalar.refine(value => value !== '', says('must not be empty')),
} as const

export type Operator = keyof typeof operands

export const operatorNames = Object.keys(operands) as Operator[]

export function isOperator(name: string): name is Operator {
  return Object.hasOwn(operands, name)
}
