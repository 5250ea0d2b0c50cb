import { z } from 'zod'

/** Kubernetes' own pattern for quantities. */
const QUANTITY =
  '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$'

const MESSAGE = 'must be a quantity such as 500m or 2Gi'

const quantitySchema = z
  .union([z.int(), z.string().regex(new RegExp(QUANTITY), MESSAGE)], MESSAGE)
  .meta({ 'x-kubernetes-int-or-string': true, pattern: QUANTITY })
  .describe('Quantity, such as `500m` or `2Gi`.')

const amounts = z.record(z.string().max(253), quantitySchema)

/** CPU and memory of a container, as in a Pod. */
export const resourcesSchema = z.strictObject({
  requests: amounts.optional().describe('What the scheduler sets aside for each pod.'),
  limits: amounts.optional().describe('What each pod may use at most.'),
})

export type Resources = z.output<typeof resourcesSchema>
