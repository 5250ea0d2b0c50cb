import { z } from 'zod'
import { appliedObjectsSchema } from './applied-objects.ts'
import { backupSchema } from './backup.ts'
import { cachingSchema, corsSchema, rateLimitSchema } from './traffic.ts'
import { conditionsSchema, driftOmittedSchema, driftSchema, observedGenerationSchema } from './condition.ts'
import { API_VERSION, type ResourceDefinition } from './definition.ts'
import { planSchema } from './plan.ts'
import { deletionProtectionSchema } from './deletion-protection.ts'
import { pipelineChunkingSchema, pipelineRetrievalSchema } from './knowledge-base-defaults.ts'
import { ingressSchema } from './ingress.ts'
import { metadataSchema } from './metadata.ts'
import { modelsSchema } from './models.ts'
import { monitoringSchema } from './monitoring.ts'
import { networkPolicySchema } from './network-policy.ts'
import { postgresSchema } from './postgres.ts'
import { listMap, withRule } from './rule.ts'
import { secretKeyRef, secretNameSchema } from './secret-ref.ts'
import { vectorsSchema } from './vectors.ts'
import { apiSchema, workerSchema } from './workloads.ts'

const pullSecretSchema = z
  .strictObject({ name: secretNameSchema })
  .describe('A Secret of type kubernetes.io/dockerconfigjson.')

const specFields = z.strictObject({
  image: z.string().min(1).max(512).optional().describe('Image of API and worker; absent: the one that the operator was released with.'), // prettier-ignore
  imagePullSecrets: listMap(z.array(pullSecretSchema).max(16), 'name').default([]).describe('Secrets to pull it with.'),
  api: apiSchema.prefault({}).describe('The pods that answer HTTP requests: Deployment `<name>-api`.'),
  worker: workerSchema.prefault({}).describe('The pods that ingest documents: Deployment `<name>-worker`.'),
  postgres: postgresSchema,
  vectors: vectorsSchema,
  redis: z
    .strictObject({
      urlSecretRef: secretKeyRef('url', 'the URL, redis://:password@host:6379/0').describe(
        'Secret with the URL of Redis.',
      ),
    }) // prettier-ignore
    .optional()
    .describe('Redis 6 or newer, so that all API pods share rate limits; absent: each pod counts by itself.'),
  models: modelsSchema.prefault({}).describe('The models that are used.'),
  retrieval: pipelineRetrievalSchema
    .prefault({})
    .describe('Retrieval of knowledge bases and requests that say nothing.'),
  chunking: pipelineChunkingSchema.prefault({}).describe('How documents of knowledge bases that say nothing are cut.'),
  caching: cachingSchema.prefault({}).describe('What the API pods remember.'),
  rateLimit: rateLimitSchema.prefault({}).describe('How much one API key may ask.'),
  cors: corsSchema.prefault({}).describe('Which web pages may call the API from a browser.'),
  allowedHosts: z
    .array(z.string().min(1).max(253).describe('Host name.'))
    .max(64)
    .default([])
    .describe('Host names that requests may name; empty: all. Probes are not checked.'),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info').describe('Least severe level that is logged.'), // prettier-ignore
  ingress: ingressSchema.prefault({}).describe('How the API is reached from outside the cluster.'),
  networkPolicy: networkPolicySchema.prefault({}).describe('Who may talk to the pods.'),
  monitoring: monitoringSchema.prefault({}).describe('Objects of the Prometheus operator.'),
  backup: backupSchema
    .optional()
    .describe('Backups of database and collections by the CronJob `<name>-backup`; absent: none.'),
  driftPolicy: z
    .enum(['Enforce', 'Warn', 'Ignore'])
    .default('Enforce')
    .describe('What happens when something that the operator made was changed by somebody else: it is repaired, only reported, or left alone.'), // prettier-ignore
  deletionPolicy: z
    .enum(['Retain', 'Delete'])
    .default('Retain')
    .describe('What happens to schemas and collections when the RagPipeline is deleted. Pods and Services go either way.'), // prettier-ignore
  deletionProtection: deletionProtectionSchema,
  suspend: z.boolean().default(false).describe('The operator leaves everything as it is: pods keep running, changes wait until it is false again.'), // prettier-ignore
  allowedTenantNamespaces: z
    .array(z.string().min(1).max(63).describe('Name of a namespace, or `*` for all.'))
    .max(256)
    .meta({ 'x-kubernetes-list-type': 'set' })
    .default([])
    .describe('Other namespaces whose RagTenants may use this pipeline; those of its own namespace always may.'),
})

const withReachableIngress = withRule(specFields, {
  cel: '!self.ingress.enabled || !self.networkPolicy.enabled || size(self.networkPolicy.from) > 0',
  test: ({ ingress, networkPolicy }) => !ingress.enabled || !networkPolicy.enabled || networkPolicy.from.length > 0,
  message:
    'networkPolicy would keep the ingress controller out: name its namespace in networkPolicy.from, such as {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}}',
})

export const ragPipelineSpecSchema = withRule(withReachableIngress, {
  cel: "!self.ingress.enabled || !has(self.ingress.host) || size(self.allowedHosts) == 0 || self.allowedHosts.exists(allowed, allowed in ['*', self.ingress.host] || (allowed.startsWith('*.') && self.ingress.host.endsWith(allowed.substring(1))))",
  test: ({ ingress: { enabled, host }, allowedHosts }) =>
    !enabled ||
    host === undefined ||
    allowedHosts.length === 0 ||
    allowedHosts.some(
      allowed => allowed === '*' || allowed === host || (allowed.startsWith('*.') && host.endsWith(allowed.slice(1))),
    ),
  message: 'allowedHosts must contain ingress.host, or the API refuses what comes through the Ingress',
})

export const ragPipelineStatusSchema = z.strictObject({
  observedGeneration: observedGenerationSchema.optional(),
  conditions: conditionsSchema.optional(),
  url: z.string().optional().describe('Where the API is reached inside the cluster.'),
  externalUrl: z.string().optional().describe('Where the Ingress makes it reachable from outside; absent without one.'),
  version: z.string().optional().describe('Version of the control schema.'),
  embedding: z
    .strictObject({
      fingerprint: z.string().optional().describe('Identifies the vector space: model, dimension, distance and text analysis. Vectors of another one cannot be compared.'), // prettier-ignore
      model: z.string().optional().describe('Embedding model; absent in lexical mode.'),
      dimension: z.int().optional().describe('Length of the vectors; absent in lexical mode.'),
      collection: z.string().optional().describe('Shared collection, the alias.'),
    })
    .optional()
    .describe('The embedding generation in use.'),
  tenants: z.int().min(0).optional().describe('Tenants, those made over HTTP included.'),
  objects: appliedObjectsSchema.optional(),
  backup: z
    .strictObject({
      lastSuccessTime: z.string().meta({ format: 'date-time' }).optional().describe('When the last backup that succeeded was complete.'), // prettier-ignore
    })
    .optional()
    .describe('How backups are doing; the condition BackupReady says more.'),
  drift: driftSchema.optional(),
  driftOmitted: driftOmittedSchema.optional(),
  plan: planSchema.optional(),
})

const NAME = '^[a-z]([-a-z0-9]{0,46}[a-z0-9])?$'

export const ragPipelineSchema = withRule(
  z.strictObject({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal('RagPipeline'),
    metadata: metadataSchema,
    spec: ragPipelineSpecSchema.describe('What the pipeline should be.'),
    status: ragPipelineStatusSchema.optional().describe('What the operator found and did; written by it alone.'),
  }),
  {
    cel: `self.metadata.name.matches('${NAME}')`,
    test: ({ metadata }) => new RegExp(NAME).test(metadata.name),
    message:
      'metadata.name must be at most 48 lower-case letters, digits and hyphens and begin with a letter: Services and collections are named after it',
  },
).describe('A retrieval API with its worker, database and vector store. Tenants are added to it with RagTenants.')

/** As the API server gives it: defaults filled in. */
export type RagPipeline = z.output<typeof ragPipelineSchema>
export type RagPipelineStatus = z.output<typeof ragPipelineStatusSchema>
/** As people write it. */

export const ragPipelineDefinition: ResourceDefinition = {
  kind: 'RagPipeline',
  plural: 'ragpipelines',
  singular: 'ragpipeline',
  shortNames: ['ragp'],
  schema: ragPipelineSchema,
  columns: [
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status', description: 'Whether it serves.' },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason', description: 'Why, or why not.' },
    { name: 'URL', type: 'string', jsonPath: '.status.url', description: 'Where the API is.' },
    { name: 'Tenants', type: 'integer', jsonPath: '.status.tenants', description: 'How many tenants.' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Since when.' },
    { name: 'Engine', type: 'string', jsonPath: '.spec.vectors.engine', description: 'What keeps the vectors.', priority: 1 },
    { name: 'Model', type: 'string', jsonPath: '.status.embedding.model', description: 'Embedding model.', priority: 1 },
    { name: 'Fingerprint', type: 'string', jsonPath: '.status.embedding.fingerprint', description: 'Vector space.', priority: 1 },
    { name: 'Plan', type: 'string', jsonPath: '.status.plan.summary', description: 'What would be done, in plan mode.', priority: 1 },
    { name: 'Collection', type: 'string', jsonPath: '.status.embedding.collection', description: 'Shared collection.', priority: 1 },
    { name: 'External URL', type: 'string', jsonPath: '.status.externalUrl', description: 'Where the API is from outside the cluster.', priority: 1 },
    { name: 'Message', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].message', description: 'What to do.', priority: 1 },
  ],
} // prettier-ignore
