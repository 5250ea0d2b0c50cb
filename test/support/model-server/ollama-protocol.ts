import {
  countTokens,
  type Exchange,
  pieces,
  type Route,
  type ScriptMessage,
  sendJson,
  streamPieces,
  vectorsFor,
} from './script.ts'

export const ollamaRoutes: Readonly<Record<string, Route>> = {
  '/api/embed': embed,
  '/api/chat': chat,
}

function embed(exchange: Exchange): void {
  const { input, model } = exchange.body as { input: string[]; model: string }
  sendJson(exchange.response, { model, embeddings: vectorsFor(input, exchange), prompt_eval_count: 1 })
}

async function chat(exchange: Exchange): Promise<void> {
  const { messages, model, stream, options } = exchange.body as {
    messages: ScriptMessage[]
    model: string
    stream?: boolean
    options?: { num_predict?: number }
  }
  const all = pieces(exchange.script.reply(messages))
  const said = all.slice(0, options?.num_predict ?? all.length)
  const end = {
    model,
    created_at: '2026-01-01T00:00:00Z',
    done: true,
    done_reason: said.length < all.length ? 'length' : 'stop',
    prompt_eval_count: countTokens(messages),
    eval_count: said.length,
  }
  if (stream === false)
    return sendJson(exchange.response, { ...end, message: { role: 'assistant', content: said.join('') } })
  const piece = (content: string) =>
    `${JSON.stringify({ model, created_at: end.created_at, message: { role: 'assistant', content }, done: false })}\n`
  exchange.response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  await streamPieces(exchange, [
    ...said.map(piece),
    `${JSON.stringify({ ...end, message: { role: 'assistant', content: '' } })}\n`,
  ])
}
