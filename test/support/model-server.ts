import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ollamaRoutes } from './model-server/ollama-protocol.ts'
import { openAiRoutes } from './model-server/openai-protocol.ts'
import { rerankRoutes } from './model-server/rerank-protocol.ts'
import type { Exchange, Fault, ModelScript, Route } from './model-server/script.ts'

/** A request that arrived, for assertions. */
export interface SeenRequest {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Record<string, unknown>
  /** Resolves when the client has gone before the answer was complete. */
  readonly abandoned: Promise<void>
}

export interface ModelServer {
  /** `http://127.0.0.1:…`: the address for Ollama's protocol. */
  readonly url: string
  /** The address for OpenAI's. */
  readonly openAiUrl: string
  readonly seen: readonly SeenRequest[]
  /** What the next requests meet instead of a good answer, one each, in this order. */
  misbehave(...faults: readonly Fault[]): void
  /** Forgets faults and requests, and takes the script back to the one that it was started with. */
  reset(script?: Partial<ModelScript>): void
  close(): Promise<void>
}

/** A server that speaks the protocols of OpenAI and Ollama: chat, streams, embeddings and reranking, scripted, and able to fail. */
export async function startModelServer(script: Partial<ModelScript> = {}): Promise<ModelServer> {
  const faults: Fault[] = []
  const seen: SeenRequest[] = []
  let current: ModelScript = { ...standardScript, ...script }
  const server = createServer((request, response) => {
    handle(request, response, () => current, faults, seen).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)))
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    openAiUrl: `${url}/v1`,
    seen,
    misbehave: (...more) => void faults.push(...more),
    reset: (other = {}) => {
      faults.length = 0
      seen.length = 0
      current = { ...standardScript, ...script, ...other }
    },
    close: () => stop(server),
  }
}

/** Repeats the last message, so that a test sees what the model was given. */
const standardScript: ModelScript = {
  reply: messages => `You said: ${messages.at(-1)?.content ?? 'nothing'}`,
  dimension: 16,
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  script: () => ModelScript,
  faults: Fault[],
  seen: SeenRequest[],
): Promise<void> {
  const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'http://server')
  const text = await readAll(request)
  const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>
  const abandoned = new Promise<void>(resolve => {
    response.on('close', () => {
      if (!response.writableFinished) resolve()
    })
  })
  seen.push({ path, headers: request.headers, body, abandoned })
  // Azure has the same routes at each deployment.
  const route: Route | undefined = { ...openAiRoutes, ...ollamaRoutes, ...rerankRoutes }[
    path.replace(/^\/openai\/deployments\/[^/]+/, '/v1')
  ]
  if (!route) return void response.writeHead(404).end('404 page not found')
  const refusal = script().refuse?.({ path, query, headers: request.headers, body })
  if (refusal)
    return void response
      .writeHead(400, { 'content-type': 'application/json' })
      .end(JSON.stringify({ error: { message: refusal } }))
  const fault = faults.shift()
  const exchange: Exchange = { body, response, script: script(), fault }
  if (fault && answerWithFault(exchange, fault)) return
  await route(exchange)
}

/** Whether the fault was the whole answer; the others spoil an answer that is otherwise good. */
function answerWithFault({ response }: Exchange, fault: Fault): boolean {
  switch (fault.kind) {
    case 'status':
      response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers })
      response.end(JSON.stringify(fault.body ?? { error: { message: `scripted ${fault.status}` } }))
      return true
    case 'malformed':
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"data": [')
      return true
    case 'not-the-protocol':
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"hello": "I am a proxy"}')
      return true
    case 'hang':
      return true
    case 'hang-up':
      response.destroy()
      return true
    case 'cut-stream':
    case 'hang-in-stream':
    case 'dimension':
    case 'missing-vector':
    case 'missing-score':
    case 'duplicate-index':
    case 'strange-index':
    case 'no-number':
      return false
  }
}

async function readAll(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
}
