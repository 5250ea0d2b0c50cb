import { z } from 'zod'

/** What the operator would do; see `plan` of both statuses. */
export const planSchema = z
  .strictObject({
    generation: z.int().min(0).describe('`metadata.generation` that was planned for.'),
    operation: z.enum(['Reconcile', 'Delete']).describe('What would be carried out: the spec, or the deletion of the resource.'), // prettier-ignore
    time: z.string().meta({ format: 'date-time' }).describe('Since when the plan is this one.'),
    summary: z.string().max(512).describe('How many changes there are, and where.'),
    changes: z
      .array(
        z
          .strictObject({
            target: z.enum(['postgres', 'qdrant', 'pgvector', 'kubernetes']).describe('Where the change is made.'),
            action: z.enum(['create', 'update', 'delete']).describe('What happens to the object.'),
            object: z.string().max(512).describe('What is changed: `schema tenant_acme`, `Deployment/demo-api`.'),
            detail: z.string().max(1024).describe('The statement, the request, or the fields with what they are and become. No secrets.'), // prettier-ignore
            after: z.string().max(512).optional().describe('What has to happen first, which is not part of this plan: until then the change is a forecast.'), // prettier-ignore
          })
          .describe('One change.'),
      )
      .max(100)
      .describe('The changes in the order in which they would be made.'),
    omitted: z.int().min(1).optional().describe('How many more changes there are than are listed.'),
    notes: z
      .array(z.string().max(1024).describe('One sentence.'))
      .max(16)
      .optional()
      .describe('What is in the way, and what cannot be known before some of the changes are made.'),
  })
  .describe('What would be done: written while the annotation selfrag.io/plan is "true" or the operator runs with DRY_RUN, and nothing of it is done.') // prettier-ignore

export type StatusPlan = z.output<typeof planSchema>
