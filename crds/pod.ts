import { z } from 'zod'
import { reservedVariableNames } from './reserved-variables.ts'
import { listMap, PRESERVE, withRule } from './rule.ts'
import { secretNameSchema } from './secret-ref.ts'

const keySelector = (kind: 'Secret' | 'ConfigMap') =>
  z
    .strictObject({
      name: secretNameSchema.describe(`Name of the ${kind}, in the namespace of this resource.`),
      key: z.string().min(1).max(253).describe('Which of its keys.'),
      optional: z.boolean().optional().describe('Start the pod even if it is missing.'),
    })
    .describe(`A key of a ${kind}.`)

const variableSchema = withRule(
  z.strictObject({
    name: z
      .string()
      .min(1)
      .max(128)
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable')
      .describe('Name of the variable.'),
    value: z.string().max(16_384).optional().describe('Its value.'),
    valueFrom: z
      .strictObject({
        secretKeyRef: keySelector('Secret').optional(),
        configMapKeyRef: keySelector('ConfigMap').optional(),
      })
      .optional()
      .describe('Where its value is, instead of `value`.'),
  }),
  {
    cel: 'has(self.value) != has(self.valueFrom)',
    test: variable => (variable.value === undefined) !== (variable.valueFrom === undefined),
    message: 'set one of value and valueFrom',
  },
).describe('One environment variable.')

const reserved = reservedVariableNames.map(name => `'${name}'`).join(', ')

/** Variables beyond those that fields of the resource stand for. */
export const envSchema = withRule(listMap(z.array(variableSchema).max(64), 'name'), {
  cel: `self.all(variable, !(variable.name in [${reserved}]))`,
  test: variables => variables.every(variable => !(reservedVariableNames as readonly string[]).includes(variable.name)),
  message:
    'the operator sets this variable from a field of the spec; set that field instead (docs/reference/configuration.md lists which)',
})
  .default([])
  .describe(
    'Further environment variables of the container, such as HTTPS_PROXY or MAX_BODY_MB. Variables that a field of the spec stands for are refused.',
  )

const tolerationSchema = z
  .strictObject({
    key: z.string().max(317).optional().describe('Taint key; absent: every taint.'),
    operator: z.enum(['Exists', 'Equal']).optional().describe('How `value` is compared; absent: Equal.'),
    value: z.string().max(63).optional().describe('Taint value.'),
    effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional().describe('Which effect; absent: all.'),
    tolerationSeconds: z.int().optional().describe('How long a NoExecute taint is tolerated.'),
  })
  .describe('One tolerated taint, as in a Pod.')

/** What may be said about the pods; their security context is not for change. */
export const podTemplateSchema = z.strictObject({
  labels: z.record(z.string().max(317), z.string().max(63)).default({}).describe('Labels besides the operator\'s own.'), // prettier-ignore
  annotations: z.record(z.string().max(317), z.string()).default({}).describe('Annotations besides the operator\'s own.'), // prettier-ignore
  nodeSelector: z.record(z.string().max(317), z.string().max(63)).default({}).describe('Labels that a node must bear.'),
  tolerations: z.array(tolerationSchema).max(32).default([]).describe('Taints that the pods tolerate.'),
  affinity: z.looseObject({}).meta(PRESERVE).optional().describe('Affinity, as in a Pod.'),
  priorityClassName: z.string().max(253).optional().describe('Priority class of the pods.'),
})

export type EnvironmentVariable = z.output<typeof variableSchema>
