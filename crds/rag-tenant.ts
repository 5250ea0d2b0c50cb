import { z } from 'zod'
import { answeringSchema } from '../api/contract/answering.ts'
import { quotasSchema } from '../api/contract/quotas.ts'
import { SLUG_PATTERN } from '../api/contract/names.ts'
import { apiKeySchema } from './api-key.ts'
import { conditionsSchema, driftOmittedSchema, driftSchema, observedGenerationSchema } from './condition.ts'
import { API_VERSION, type ResourceDefinition } from './definition.ts'
import { planSchema } from './plan.ts'
import { deletionProtectionSchema } from './deletion-protection.ts'
import { knowledgeBaseSchema } from './knowledge-base.ts'
import { metadataSchema } from './metadata.ts'
import { modelChoiceSchema } from './model-choice.ts'
import { immutable, listMap, withRule } from './rule.ts'

const pipelineRefSchema = immutable(
  z.strictObject({
    name: z.string().min(1).max(48).describe('Name of the RagPipeline.'),
    namespace: z.string().min(1).max(63).optional().describe('Its namespace; absent: that of the RagTenant. Another one must be in the pipeline\'s allowedTenantNamespaces.'), // prettier-ignore
  }),
  'a tenant cannot be moved to another pipeline: its data lies in this one; make another RagTenant and ingest there',
).describe('The pipeline that the tenant belongs to. Cannot be changed.')

const specFields = z.strictObject({
  pipelineRef: pipelineRefSchema,
  displayName: z.string().min(1).max(200).optional().describe('Name for people; absent: metadata.name.'),
  plan: z.string().min(1).max(63).default('standard').describe('Name of the plan, for people and billing; changes nothing by itself.'), // prettier-ignore
  isolation: z
    .enum(['Auto', 'Shared', 'Dedicated'])
    .default('Auto')
    .describe('Where the vectors are: in a collection shared with other tenants (which never see each other), or in one of its own. Auto: wherever they are, which is the shared one at first. A change moves them while the tenant is served.'), // prettier-ignore
  suspended: z.boolean().default(false).describe('The tenant\'s keys are refused with TENANT_DISABLED; its data stays.'), // prettier-ignore
  quotas: quotasSchema.prefault({}).describe('How much the tenant may use.'),
  models: modelChoiceSchema.describe('Models of its knowledge bases that choose none; above the system\'s and the pipeline\'s.'), // prettier-ignore
  answering: answeringSchema.optional().describe('How answers from its knowledge bases are written when these do not say.'), // prettier-ignore
  knowledgeBases: listMap(z.array(knowledgeBaseSchema).max(100), 'name').default([]).describe('Knowledge bases that must exist; more can be made over HTTP.'), // prettier-ignore
  apiKeys: listMap(z.array(apiKeySchema).max(50), 'name').default([]).describe('API keys that must exist; more can be made over HTTP.'), // prettier-ignore
  deletionPolicy: z
    .enum(['Retain', 'Snapshot', 'Delete'])
    .default('Retain')
    .describe('What happens to the tenant\'s schema and vectors when the RagTenant is deleted: kept, kept as a snapshot (rows and vectors in a schema of their own that only the operator\'s role can read; role and keys go; the annotation `selfrag.io/restore` brings it back), or deleted for good, snapshots of earlier tenants of this very resource included.'), // prettier-ignore
  deletionProtection: deletionProtectionSchema,
})

const withDeclaredKnowledgeBases = withRule(specFields, {
  cel: 'self.apiKeys.all(key, !has(key.knowledgeBases) || key.knowledgeBases.all(name, self.knowledgeBases.exists(base, base.name == name)))',
  test: ({ apiKeys, knowledgeBases }) =>
    apiKeys.every(key => key.knowledgeBases?.every(name => knowledgeBases.some(base => base.name === name)) ?? true),
  message: 'apiKeys[].knowledgeBases may only name knowledge bases that are in spec.knowledgeBases; add them there',
})

export const ragTenantSpecSchema = withRule(withDeclaredKnowledgeBases, {
  cel: 'self.apiKeys.all(key, self.apiKeys.exists_one(other, other.secretName == key.secretName))',
  test: ({ apiKeys }) => new Set(apiKeys.map(key => key.secretName)).size === apiKeys.length,
  message: 'two apiKeys have the same secretName; each key needs a Secret of its own',
})

const count = z.int().min(0).optional()

export const ragTenantStatusSchema = z.strictObject({
  observedGeneration: observedGenerationSchema.optional(),
  conditions: conditionsSchema.optional(),
  schema: z.string().optional().describe('Postgres schema of the tenant, and its role.'),
  collection: z.string().optional().describe('Collection that its vectors are in, the alias.'),
  usage: z
    .strictObject({
      knowledgeBases: count.describe('Knowledge bases.'),
      documents: count.describe('Documents.'),
      chunks: count.describe('Chunks.'),
      storageMb: z.number().min(0).optional().describe('Size of the source documents in MiB.'),
    })
    .optional()
    .describe('What the tenant uses.'),
  keys: listMap(
    z
      .array(
        z
          .strictObject({
            name: z.string().max(63).describe('Name, as in spec.apiKeys.'),
            prefix: z.string().max(32).describe('Beginning of the key, to tell it in lists and logs.'),
            secretName: z.string().max(253).describe('Secret that it is in.'),
            rotatedAt: z.string().optional().meta({ format: 'date-time' }).describe('When it was minted.'),
          })
          .describe('One declared key.'),
      )
      .max(50),
    'name',
  )
    .optional()
    .describe('The declared keys.'),
  isolationVerifiedAt: z
    .string()
    .optional()
    .meta({ format: 'date-time' })
    .describe('When it was tried last, without success, to reach other tenants from this one.'),
  drift: driftSchema.optional(),
  driftOmitted: driftOmittedSchema.optional(),
  plan: planSchema.optional(),
})

export const ragTenantSchema = withRule(
  z.strictObject({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal('RagTenant'),
    metadata: metadataSchema,
    spec: ragTenantSpecSchema.describe('What the tenant should be.'),
    status: ragTenantStatusSchema.optional().describe('What the operator found and did; written by it alone.'),
  }),
  {
    cel: `self.metadata.name.matches('${SLUG_PATTERN.source.replaceAll('(?:', '(')}')`,
    test: ({ metadata }) => SLUG_PATTERN.test(metadata.name),
    message:
      'metadata.name is the slug of the tenant: at most 48 lower-case letters, digits and inner hyphens, beginning with a letter',
  },
).describe('A tenant of a RagPipeline: schema, role, place among the vectors, knowledge bases and API keys.')

/** As the API server gives it: defaults filled in. */
export type RagTenant = z.output<typeof ragTenantSchema>
export type RagTenantSpec = z.output<typeof ragTenantSpecSchema>
export type RagTenantStatus = z.output<typeof ragTenantStatusSchema>
/** As people write it. */

export const ragTenantDefinition: ResourceDefinition = {
  kind: 'RagTenant',
  plural: 'ragtenants',
  singular: 'ragtenant',
  shortNames: ['ragt'],
  schema: ragTenantSchema,
  columns: [
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status', description: 'Whether it can be used.' },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason', description: 'Why, or why not.' },
    { name: 'Pipeline', type: 'string', jsonPath: '.spec.pipelineRef.name', description: 'Its RagPipeline.' },
    { name: 'Documents', type: 'integer', jsonPath: '.status.usage.documents', description: 'How many documents.' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Since when.' },
    { name: 'Schema', type: 'string', jsonPath: '.status.schema', description: 'Postgres schema.', priority: 1 },
    { name: 'Collection', type: 'string', jsonPath: '.status.collection', description: 'Collection.', priority: 1 },
    { name: 'Chunks', type: 'integer', jsonPath: '.status.usage.chunks', description: 'How many chunks.', priority: 1 },
    { name: 'Plan', type: 'string', jsonPath: '.status.plan.summary', description: 'What would be done, in plan mode.', priority: 1 },
    { name: 'StorageMb', type: 'string', jsonPath: '.status.usage.storageMb', description: 'Source documents in MiB.', priority: 1 },
    { name: 'Message', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].message', description: 'What to do.', priority: 1 },
  ],
} // prettier-ignore
