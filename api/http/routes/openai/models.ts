import { z } from 'zod'
import type { CatalogueModel } from '../../../services/model-catalogue.ts'
import { defineRoute } from '../../route.ts'

const modelSchema = z
  .object({
    id: z.string().describe('What `model` of the other routes may be.'),
    object: z.literal('model'),
    created: z.int().describe('In seconds since 1970; 0 where it is not known.'),
    owned_by: z.string(),
    kind: z
      .enum(['default', 'llm', 'embedding', 'knowledge_base'])
      .describe('`default`: all knowledge bases that the key may read.'),
    knowledge_base_id: z.uuid().optional(),
  })
  .meta({ id: 'Model' })

const listSchema = z.object({ object: z.literal('list'), data: z.array(modelSchema) })

export const listModels = defineRoute({
  method: 'get',
  path: '/v1/models',
  operationId: 'listModels',
  summary: 'List models and the knowledge bases that can be asked like models',
  tags: ['OpenAI'],
  auth: { role: 'read' },
  errorShape: 'openai',
  responses: {
    200: {
      description: 'The service’s models, then the knowledge bases that the key may read.',
      schema: listSchema,
    },
  },
  async handler({ scope, services }) {
    const data = (await services.models.list(scope)).map(show)
    return { status: 200, body: { object: 'list', data } satisfies z.output<typeof listSchema> }
  },
})

export const getModel = defineRoute({
  method: 'get',
  path: '/v1/models/{id}',
  operationId: 'getModel',
  summary: 'Show a model',
  tags: ['OpenAI'],
  auth: { role: 'read' },
  errorShape: 'openai',
  params: z.strictObject({ id: z.string().describe('As in the list; or the id or the name of a knowledge base.') }),
  responses: { 200: { description: 'The model.', schema: modelSchema } },
  errors: ['MODEL_NOT_FOUND'],
  async handler({ scope, params, services }) {
    return { status: 200, body: show(await services.models.find(scope, params.id)) }
  },
})

function show({ id, kind, ownedBy, createdAt, knowledgeBaseId }: CatalogueModel): z.output<typeof modelSchema> {
  return {
    id,
    object: 'model',
    created: createdAt ? Math.floor(createdAt.getTime() / 1000) : 0,
    owned_by: ownedBy,
    kind,
    ...(knowledgeBaseId !== undefined && { knowledge_base_id: knowledgeBaseId }),
  }
}
