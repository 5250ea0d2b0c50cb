import type { z } from 'zod'

/** A CEL rule as `x-kubernetes-validations` has it. */
export interface CelRule {
  readonly rule: string
  /** What to write instead; the API server shows it to the user after the field's path. */
  readonly message: string
}

const KEY = 'x-kubernetes-validations'

/** Adds a rule that only the API server can check, because it compares with the stored object or the object's name. */
export function withCelRule<Schema extends z.ZodType>(schema: Schema, rule: string, message: string): Schema {
  const meta = schema.meta() ?? {}
  const rules = (meta[KEY] ?? []) as readonly CelRule[]
  return schema.meta({ ...meta, [KEY]: [...rules, { rule, message }] })
}

/**
 * Adds one rule in both languages: CEL for the API server, `test` for YAML that is read without one (`npm start`).
 * test/envtest/crds.test.ts feeds both the same wrong resources.
 */
export function withRule<Schema extends z.ZodType>(
  schema: Schema,
  rule: { readonly cel: string; readonly test: (value: z.output<Schema>) => boolean; readonly message: string },
): Schema {
  const refined = schema.refine(rule.test, { message: rule.message })
  return withCelRule(refined, rule.cel, rule.message)
}

/** The value may be set once and never changed. */
export function immutable<Schema extends z.ZodType>(schema: Schema, message: string): Schema {
  return withCelRule(schema, 'self == oldSelf', message)
}

/** Items of the list are told apart by these fields, which must be unique; lets two appliers own different items. */
export function listMap<Schema extends z.ZodType>(schema: Schema, ...keys: readonly string[]): Schema {
  const unique = schema.superRefine((items, context) => {
    const seen = new Set<string>()
    for (const [index, item] of (items as Record<string, unknown>[]).entries()) {
      const identity = keys.map(key => String(item[key])).join('/')
      if (seen.has(identity)) {
        context.addIssue({ code: 'custom', path: [index], message: `Duplicate value: ${keys.join('/')} ${identity}` })
      }
      seen.add(identity)
    }
  })
  return unique.meta({ ...unique.meta(), 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys })
}

/** Kept as it is written, without a schema of its own: the API server checks it where it is used. */
export const PRESERVE = { 'x-kubernetes-preserve-unknown-fields': true } as const
