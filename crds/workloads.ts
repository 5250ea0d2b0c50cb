import { z } from 'zod'
import { envSchema, podTemplateSchema } from './pod.ts'
import { resourcesSchema } from './resources.ts'
import { withRule } from './rule.ts'

/** No default: the API server would fill it in, and nobody could tell a wish for one pod from no wish. */
const replicas = z.int().min(0).max(100).optional()

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
  'When set, a HorizontalPodAutoscaler decides about the number of pods and `replicas` is ignored. Needs metrics-server, or another source of the metrics API.',
)

const api = z.strictObject({
  replicas: replicas.describe('Pods that answer requests; absent: one to begin with, and then as many as somebody scales the Deployment to.'), // prettier-ignore
  autoscaling: autoscalingSchema.optional(),
  resources: resourcesSchema
    .default({ requests: { cpu: '100m', memory: '512Mi' }, limits: { memory: '2Gi' } })
    .describe('CPU and memory of each API pod. A local embedding model needs about 400Mi.'),
  env: envSchema,
  podTemplate: podTemplateSchema.prefault({}).describe('Where and how the API pods run.'),
})

/** The Deployment that answers HTTP requests. */
export const apiSchema = withRule(api, {
  cel: "!has(self.autoscaling) || [has(self.resources.requests) && 'cpu' in self.resources.requests, has(self.resources.limits) && 'cpu' in self.resources.limits].exists(found, found)",
  test: ({ autoscaling, resources: { requests, limits } }) =>
    !autoscaling || Boolean(requests?.['cpu'] ?? limits?.['cpu']),
  message: 'autoscaling aims at a share of the CPU that is requested: set resources.requests.cpu, such as 500m',
})

/** The Deployment that ingests documents. */
export const workerSchema = z.strictObject({
  replicas: replicas.describe('Pods that ingest documents; absent: one to begin with, and then as many as somebody scales the Deployment to.'), // prettier-ignore
  concurrency: z.int().min(1).max(64).default(2).describe('Documents that one worker pod handles at the same time.'),
  resources: resourcesSchema
    .default({ requests: { cpu: '100m', memory: '512Mi' }, limits: { memory: '2Gi' } })
    .describe('CPU and memory of each worker pod.'),
  env: envSchema,
  podTemplate: podTemplateSchema.prefault({}).describe('Where and how the worker pods run.'),
})
