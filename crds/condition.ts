import { z } from 'zod'
import { listMap } from './rule.ts'

/** The same fields and bounds as `metav1.Condition`. */
export const conditionSchema = z.strictObject({
  type: z.string().max(316).describe('What this says something about, positively: `Ready`, `DatabaseReady`.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds.'),
  observedGeneration: z.int().min(0).optional().describe('`metadata.generation` of the resource that this is about.'),
  lastTransitionTime: z.string().meta({ format: 'date-time' }).describe('When `status` changed last.'),
  reason: z.string().min(1).max(1024).describe('Stable CamelCase word for why, for programs.'),
  message: z.string().max(32_768).describe('What is so, and what to do about it, for people.'),
})

export type Condition = z.output<typeof conditionSchema>

export const conditionsSchema = listMap(
  z.array(conditionSchema.describe('One aspect of the state.')).max(32),
  'type',
).describe('The state of the resource, aspect by aspect.')

/** A difference that was found between what is and what should be; as in api/provisioning/steps.ts. */
export const driftSchema = z
  .array(
    z
      .strictObject({
        object: z.string().max(512).describe('What differs: `Deployment/demo-api`, `collection kb_shared_g1`.'),
        field: z.string().max(512).describe('Which part of it.'),
        wanted: z.string().max(1024).describe('What it should be.'),
        found: z.string().max(1024).describe('What it was.'),
        remedy: z.string().max(1024).optional().describe('What a person has to do; only where the operator cannot repair it under any policy.'), // prettier-ignore
      })
      .describe('One difference.'),
  )
  .max(64)
  .describe('What had been as desired and no longer is; under driftPolicy Enforce it is repaired and the entry goes.')

export const driftOmittedSchema = z.int().min(1).describe('How many more differences there are than `drift` lists.')

export const observedGenerationSchema = z
  .int()
  .min(0)
  .describe(
    '`metadata.generation` that this status is about; when it is behind, the operator has not seen the change yet.',
  )
