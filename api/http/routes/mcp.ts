import { z } from 'zod'
import { ApiError } from '../../contract/error-codes.ts'
import { defineRoute } from '../route.ts'

const id = z.union([z.string().max(200), z.number()])

const messageSchema = z
  .looseObject({
    jsonrpc: z.literal('2.0'),
    id: id.optional().describe('Left out in notifications, which are not answered.'),
    method: z.string().min(1).max(200).optional().describe('Such as initialize, tools/list, tools/call.'),
    params: z.looseObject({}).optional(),
  })
  .describe('One message of JSON-RPC 2.0.')

export const mcp = defineRoute({
  method: 'post',
  path: '/mcp',
  operationId: 'mcp',
  summary: 'Use the knowledge bases as tools of the Model Context Protocol',
  description:
    'Streamable HTTP without sessions: one message a request, answered with JSON. Tools: search, answer, list_knowledge_bases.',
  tags: ['retrieval'],
  auth: { role: 'read' },
  headers: z.object({ 'mcp-protocol-version': z.string().max(40).optional().describe('As agreed in `initialize`.') }),
  body: messageSchema,
  responses: {
    200: {
      description: 'The answer to a request; failures of a tool are results with `isError`.',
      schema: z.looseObject({ jsonrpc: z.literal('2.0'), id: id.nullable().optional() }),
    },
    202: { description: 'A notification was taken.' },
  },
  async handler({ body, headers, scope, services, signal, requestId, log }) {
    // Loaded when the first client comes: most processes never see one, and all are to start fast.
    const { answerMessage } = await import('../mcp/answer-message.ts')
    const context = { scope, services, signal, requestId, log }
    const answer = await answerMessage(body, headers['mcp-protocol-version'], context)
    if (answer.status === 202) return { status: 202 }
    if (answer.status !== 200) throw new ApiError('VALIDATION_ERROR', refusal(answer.body))
    return { status: 200, body: answer.body as { jsonrpc: '2.0' } }
  },
})

/** The protocol's own words about a message that it does not take. */
function refusal(body: unknown): string {
  const { error } = (body ?? {}) as { error?: { message?: string } }
  return error?.message ?? 'this is no message of the Model Context Protocol'
}
