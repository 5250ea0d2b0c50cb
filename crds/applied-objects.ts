import { z } from 'zod'

/** What the operator has applied: with it an object that somebody deleted is told from one that was never made. */
export const appliedObjectsSchema = z
  .array(
    z
      .strictObject({
        kind: z.string().max(63).describe('Kind, such as `Deployment`.'),
        name: z.string().max(253).describe('Name, in the namespace of the resource.'),
        hash: z.string().max(64).describe('Of what was applied; changes when what is wanted does.'),
      })
      .describe('One object.'),
  )
  .max(64)
  .describe('The objects that the operator has made for this resource, as it applied them last.')

export type AppliedObject = z.output<typeof appliedObjectsSchema>[number]
