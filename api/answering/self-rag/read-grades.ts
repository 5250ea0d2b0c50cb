import { z } from 'zod'
import { readStructured } from '../../providers/llms/structured-answer.ts'
import type { Relevance, Support } from './state.ts'

/** What was read of an answer, and what was wrong with it (null: nothing). */
export interface Read<T> {
  readonly value: T
  readonly fault: string | null
}

const passagesSchema = z.object({
  passages: z.array(z.object({ id: z.coerce.number(), relevance: z.enum(['relevant', 'partial', 'irrelevant']) })),
})
const draftSchema = z.object({
  sentences: z.array(z.object({ id: z.string(), support: z.enum(['full', 'partial', 'none']) })),
  usefulness: z.int().min(1).max(5),
})
const decisionSchema = z.object({ retrieve: z.boolean() })
const querySchema = z.object({ query: z.string().trim().min(1).max(500) })

/** Grades of the sources with these numbers; one that has none is `ungraded`. Ids that nobody asked about are a fault. Pure. */
export function readPassageGrades(text: string, numbers: readonly number[]): Read<ReadonlyMap<number, Relevance>> {
  const parsed = read(text, passagesSchema)
  const given = new Map(parsed.value?.passages.map(({ id, relevance }) => [id, relevance]))
  const grades = new Map(numbers.map(number => [number, given.get(number) ?? ('ungraded' as const)]))
  return { value: grades, fault: parsed.fault ?? mismatch([...given.keys()].map(String), numbers.map(String)) }
}

/** Support of so many sentences, and usefulness. Pure. */
export function readDraftGrades(
  text: string,
  count: number,
): Read<{ readonly support: readonly Support[]; readonly usefulness: number | null }> {
  const parsed = read(text, draftSchema)
  const given = new Map(parsed.value?.sentences.map(({ id, support }) => [id, support]))
  const ids = Array.from({ length: count }, (_, place) => `S${place + 1}`)
  const support = ids.map(id => given.get(id) ?? ('ungraded' as const))
  const value = { support, usefulness: parsed.value?.usefulness ?? null }
  return { value, fault: parsed.fault ?? mismatch([...given.keys()], ids) }
}

/** Looking something up in vain costs little; not looking up costs the answer. Pure. */
export function readDecision(text: string): boolean {
  return read(text, decisionSchema).value?.retrieve ?? true
}

/** Null: there is none. Pure. */
export function readQuery(text: string): string | null {
  return read(text, querySchema).value?.query ?? null
}

function read<T>(text: string, schema: z.ZodType<T>): { value: T | null; fault: string | null } {
  const found = readStructured(text, schema)
  return 'value' in found ? { value: found.value, fault: null } : { value: null, fault: found.fault }
}

function mismatch(given: readonly string[], asked: readonly string[]): string | null {
  const unknown = given.filter(id => !asked.includes(id))
  if (unknown.length > 0) return `there is no ${unknown.slice(0, 5).join(', ')}`
  const missing = asked.filter(id => !given.includes(id))
  return missing.length > 0 ? `${missing.slice(0, 5).join(', ')} has no grade` : null
}
