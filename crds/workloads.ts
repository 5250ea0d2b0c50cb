import { z } from 'zod'
import { envSchema, podTemplateSchema } from './pod.ts'
import { resourcesSchema } from './resources.ts'
import { withRule } from './rule.ts'

const replicas = z.int().min(0).max(100)

const autoscalingSchema = withRule(
  z.strictObject({
    minReplicas: z.int().min(1).max(100).default(1).describe('Fewest pods.'),
    maxReplicas: z.int().min(1).max(100).describe('Most pods.'),
    targetCPUUtilizationPercentage: z.int().min(1).max(100).default(75).describe('CPU use that is aimed at, in percent of requests.'), // prettier-ignore
  }),
  {
    cel: 'self.minReplicas <= self.maxReplicas',
    test: ({ minReplicas, maxReplicas }) => minReplicas <= maxReplicas,
    message: 'minReplicas must be at most maxReplicas',
  },
).describe(
  'When set, the operator leaves the number of pods to a HorizontalPodAutoscaler and ignores `replicas`. The autoscaler itself comes with a later release; until then make one for the Deployment `<name>-api`.',
)

/** The Deployment that answers HTTP requests. */
export const apiSchema = z.strictObject({
  replicas: replicas.default(1).describe('Pods that answer requests.'),
  autoscaling: autoscalingSchema.optional(),
  resources: resourcesSchema
    .default({ requests: { cpu: '100m', memory: '512Mi' }, limits: { memory: '2Gi' } })
    .describe('CPU and memory of each API pod. A local embedding model needs about 400Mi.'),
  env: envSchema,
  podTemplate: podTemplateSchema.prefault({}).describe('Where and how the API pods run.'),
})

/** The Deployment that ingests documents. */
export const workerSchema = z.strictObject({
  replicas: replicas.default(1).describe('Pods that ingest documents.'),
  concurrency: z.int().min(1).max(64).default(2).describe('Documents that one worker pod handles at the same time.'),
  resources: resourcesSchema
    .default({ requests: { cpu: '100m', memory: '512Mi' }, limits: { memory: '2Gi' } })
    .describe('CPU and memory of each worker pod.'),
  env: envSchema,
  podTemplate: podTemplateSchema.prefault({}).describe('Where and how the worker pods run.'),
})
