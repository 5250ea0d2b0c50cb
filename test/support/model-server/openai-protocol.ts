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

export const openAiRoutes: Readonly<Record<string, Route>> = {
  '/v1/embeddings': embeddings,
  '/v1/chat/completions': chat,
}

function embeddings(exchange: Exchange): void {
  const {
    input,
    model,
    encoding_format: encoding,
  } = exchange.body as { input: string[]; model: string; encoding_format?: string }
  const vectors = vectorsFor(input, exchange)
  // Out of order, as the protocol allows: `index` says whose vector it is.
  const data = vectors.map((embedding, index) => ({
    object: 'embedding',
    index,
    embedding: encoding === 'base64' ? Buffer.from(Float32Array.from(embedding).buffer).toString('base64') : embedding,
  }))
  sendJson(exchange.response, {
    object: 'list',
    model,
    data: data.reverse(),
    usage: { prompt_tokens: 1, total_tokens: 1 },
  })
}

async function chat(exchange: Exchange): Promise<void> {
  const {
    messages,
    model,
    stream,
    max_tokens: limit,
    max_completion_tokens: newLimit,
  } = exchange.body as {
    messages: ScriptMessage[]
    model: string
    stream?: boolean
    max_tokens?: number
    max_completion_tokens?: number
  }
  const { reasoning } = exchange.script
  const all = pieces(exchange.script.reply(messages))
  const said = all.slice(0, newLimit ?? limit ?? all.length)
  const finish = said.length < all.length ? 'length' : 'stop'
  const usage = {
    prompt_tokens: countTokens(messages),
    completion_tokens: said.length,
    total_tokens: countTokens(messages) + said.length,
  }
  const common = { id: 'chatcmpl-1', created: 1, model }
  if (!stream) {
    const thought = reasoning === undefined ? {} : { reasoning_content: reasoning }
    const message = { role: 'assistant', content: said.join(''), ...thought }
    // So does DeepSeek while a request waits.
    exchange.response.writeHead(200, { 'content-type': 'application/json' }).write('\n\n')
    return void exchange.response.end(
      JSON.stringify({
        ...common,
        object: 'chat.completion',
        choices: [{ index: 0, message, finish_reason: finish }],
        usage,
      }),
    )
  }
  const chunk = (rest: object) => `data: ${JSON.stringify({ ...common, object: 'chat.completion.chunk', ...rest })}\n\n`
  const delta = (content: object, reason: string | null) =>
    chunk({ choices: [{ index: 0, delta: content, finish_reason: reason }] })
  const wantsUsage = (exchange.body['stream_options'] as { include_usage?: boolean } | undefined)?.include_usage
  exchange.response.writeHead(200, { 'content-type': 'text/event-stream' })
  await streamPieces(exchange, [
    ...(reasoning === undefined
      ? []
      : [
          ': keep-alive\n\n',
          ...pieces(reasoning).map(piece => delta({ content: null, reasoning_content: piece }, null)),
        ]),
    ...said.map((content, index) => delta(index === 0 ? { role: 'assistant', content } : { content }, null)),
    delta({}, finish),
    ...(wantsUsage ? [chunk({ choices: [], usage })] : []),
    'data: [DONE]\n\n',
  ])
}
