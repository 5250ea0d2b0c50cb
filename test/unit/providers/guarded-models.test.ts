import { expect } from 'chai'
import { after, afterEach, before, describe, it } from 'mocha'
import { guardedLlm } from '../../../api/providers/guarded-models.ts'
import { FallbackLlm } from '../../../api/providers/llms/fallback-llm.ts'
import type { Completion, Llm, Message } from '../../../api/providers/llms/llm.ts'
import { OpenAiLlm } from '../../../api/providers/llms/openai.ts'
import { ModelGuard } from '../../../api/providers/model-guard.ts'
import { ProviderError } from '../../../api/providers/provider-error.ts'
import { type ModelServer, startModelServer } from '../../support/model-server.ts'
import { readStream } from '../../support/read-stream.ts'
import { rejectionOf } from '../../support/rejection.ts'

const messages: Message[] = [{ role: 'user', content: 'one two three' }]
const retries = { attempts: 1, baseDelayMs: 1, longestDelayMs: 1 }

let first: ModelServer
let second: ModelServer
before(async () => {
  first = await startModelServer()
  second = await startModelServer({ reply: () => 'from the second' })
})
afterEach(() => [first, second].forEach(server => server.reset()))
after(() => Promise.all([first, second].map(server => server.close())))

const llmAt = (server: ModelServer, model: string): Llm =>
  new OpenAiLlm({ model, timeoutMs: 60_000, retries }, { provider: 'openai', baseUrl: server.openAiUrl })

async function read(llm: Llm, pieces: string[] = [], signal?: AbortSignal): Promise<Completion> {
  return (await readStream(llm.stream({ messages, ...(signal && { signal }) }), pieces)).result
}

const failure = (call: Promise<unknown>) => rejectionOf(call, ProviderError)

describe('a chain of LLMs', () => {
  const fallbacks: string[] = []
  let chain: Llm
  before(() => {
    chain = new FallbackLlm(llmAt(first, 'a'), [llmAt(second, 'b')], (from, to) => fallbacks.push(`${from.model}>${to.model}`)) // prettier-ignore
  })
  afterEach(() => void (fallbacks.length = 0))

  it('asks the first alone while it works', async () => {
    expect(await chain.complete({ messages })).to.deep.include({ text: 'You said: one two three' }).and.not.have.property('by') // prettier-ignore
    expect((await read(chain)).text).to.equal('You said: one two three')
    expect(second.seen).to.have.length(0)
  })

  it('asks the next when one fails, and says who wrote', async () => {
    for (const ask of [() => chain.complete({ messages }), () => read(chain)]) {
      first.misbehave({ kind: 'status', status: 503 })
      expect(await ask()).to.deep.include({ text: 'from the second', by: { provider: 'openai', model: 'b' } })
    }
    expect(fallbacks).to.deep.equal(['a>b', 'a>b'])
  })

  it('does not change the writer in the middle of a stream', async () => {
    first.misbehave({ kind: 'cut-stream', after: 2 })
    const pieces: string[] = []
    expect((await failure(read(chain, pieces))).message).to.include('broke off')
    expect(pieces).to.deep.equal(['You', ' said:'])
    expect(second.seen).to.have.length(0)
  })

  it('fails with the last one’s words when all fail', async () => {
    first.misbehave({ kind: 'status', status: 503 })
    second.misbehave({ kind: 'status', status: 500, body: { error: { message: 'second is down' } } })
    expect((await failure(chain.complete({ messages }))).message).to.include('second is down')
  })

  it('asks nobody for a caller who gave up', async () => {
    const reason = new Error('gone')
    const call = chain.complete({ messages, signal: AbortSignal.abort(reason) })
    expect(await call.catch((error: unknown) => error)).to.equal(reason)
    expect(second.seen).to.have.length(0)
  })
})

describe('a guarded LLM', () => {
  const guarded = (settings: Partial<ConstructorParameters<typeof ModelGuard>[1]> = {}) => {
    const guard = new ModelGuard('openai', { concurrency: 2, failures: 3, pauseMs: 60, ...settings })
    return { guard, llm: guardedLlm(llmAt(first, 'a'), guard) }
  }

  it('is left alone after failures in a row, then tried by one call', async () => {
    const { guard, llm } = guarded()
    first.misbehave(...Array.from({ length: 3 }, () => ({ kind: 'status', status: 500 }) as const))
    for (let call = 0; call < 2; call++) await failure(llm.complete({ messages }))
    await failure(read(llm))
    expect(guard.open).to.equal(true)
    const refused = await failure(llm.complete({ messages }))
    expect(refused).to.include({ transient: true, retryAfterSeconds: 0.06 })
    expect(refused.message).to.include('is not asked')
    expect(first.seen).to.have.length(3)
    await new Promise(resolve => setTimeout(resolve, 70))
    expect((await llm.complete({ messages })).text).to.include('one two three')
    expect(guard.open).to.equal(false)
  })

  it('is not blamed for refused requests and rate limits', async () => {
    const { guard, llm } = guarded()
    for (const status of [400, 401, 429, 429, 404, 429]) {
      first.misbehave({ kind: 'status', status })
      await failure(llm.complete({ messages }))
    }
    expect(guard.open).to.equal(false)
  })

  it('is asked by so many at once, and the others get their turn', async () => {
    const { llm } = guarded({ concurrency: 1 })
    first.misbehave({ kind: 'hang-in-stream', after: 1 })
    const stream = llm.stream({ messages })
    await stream.next()
    const waiting = llm.complete({ messages })
    const reason = new Error('too slow')
    const caller = new AbortController()
    const impatient = llm.complete({ messages, signal: caller.signal }).catch((error: unknown) => error)
    caller.abort(reason)
    expect(await impatient).to.equal(reason)
    expect(first.seen).to.have.length(1)
    await stream.return(undefined as never)
    await first.seen[0]!.abandoned
    expect((await waiting).text).to.include('one two three')
  })
})
