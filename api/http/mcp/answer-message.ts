import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { toApiError } from '../api-error.ts'
import type { ToolContext } from './tool-context.ts'
import { type Tool, tools } from './tools.ts'

export interface MessageAnswer {
  readonly status: number
  /** Null for a notification, which has no answer. */
  readonly body: unknown
}

/**
 * Answers one message of the Model Context Protocol. There are no sessions: each request has a server of its own, so any
 * replica can answer any request.
 */
export async function answerMessage(
  message: object,
  protocolVersion: string | undefined,
  context: ToolContext,
): Promise<MessageAnswer> {
  const server = serverFor(context)
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
  await server.connect(transport)
  try {
    const response = await transport.handleRequest(requestOf(message, protocolVersion), { parsedBody: message })
    const text = await response.text()
    return { status: response.status, body: text === '' ? null : JSON.parse(text) }
  } finally {
    await server.close()
  }
}

/** What the transport looks at; authentication, size and encoding of the real request have been dealt with. */
function requestOf(message: object, protocolVersion: string | undefined): Request {
  const headers = new Headers({ 'content-type': 'application/json', accept: 'application/json, text/event-stream' })
  if (protocolVersion !== undefined) headers.set('mcp-protocol-version', protocolVersion)
  return new Request('http://localhost/mcp', { method: 'POST', headers, body: JSON.stringify(message) })
}

function serverFor(context: ToolContext): McpServer {
  const server = new McpServer({ name: 'selfrag', title: 'selfrag', version: context.services.version })
  for (const tool of tools) {
    const { name, title, description, input, output } = tool
    const annotations = { readOnlyHint: true, openWorldHint: false }
    server.registerTool(name, { title, description, inputSchema: input, outputSchema: output, annotations }, given => run(tool, given, context)) // prettier-ignore
  }
  return server
}

/** A tool's failure is told to the model as its result, so that it can do something else. */
async function run(tool: Tool, input: Record<string, unknown>, context: ToolContext): Promise<CallToolResult> {
  try {
    const { text, structure } = await tool.run(input, context)
    return { content: [{ type: 'text', text }], structuredContent: structure }
  } catch (error) {
    const failure = toApiError(error, context.requestId)
    if (failure.status >= 500) context.log.error({ err: failure.cause ?? failure, tool: tool.name }, 'a tool failed')
    return { isError: true, content: [{ type: 'text', text: `${failure.code}: ${failure.message}` }] }
  }
}
