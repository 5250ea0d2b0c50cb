import { inspect } from 'node:util'
import { expect } from 'chai'
import { after, afterEach, before, describe, it } from 'mocha'
import type { Completion, CompletionRequest, Llm, Message } from '../../api/providers/llms/llm.ts'
import { ProviderError } from '../../api/providers/provider-error.ts'
import { type ModelServer, startModelServer } from '../support/model-server.ts'
import { readStream } from '../support/read-stream.ts'
import { rejectionOf } from '../support/rejection.ts'

const quick = { attempts: 3, baseDelayMs: 1, longestDelayMs: 2000 }
const once = { ...quick, attempts: 1 }
const question: readonly Message[] = [
  { role: 'system', content: 'Answer briefly.' },
  { role: 'user', content: 'Which wing is best?' },
]

/** What every LLM must keep, against a server that speaks its protocol. */
export function llmContract(
  name: string,
  make: (server: ModelServer, settings: { timeoutMs: number; retries: typeof quick }) => Llm,
): void {
  describe(`LLM ${name}`, () => {
    let server: ModelServer
    let llm: Llm

    before(async () => {
      server = await startModelServer()
      llm = make(server, { timeoutMs: 5000, retries: quick })
    })
    afterEach(() => server.reset())
    after(() => server.close())

    const bothWays: Readonly<Record<string, (llm: Llm, request: CompletionRequest) => Promise<Completion>>> = {
      complete: (asked, request) => asked.complete(request),
      stream: async (asked, request) => (await readStream(asked.stream(request))).result,
    }

    for (const [way, ask] of Object.entries(bothWays)) {
      describe(way, () => {
        it('gives the text, the usage and why it ended', async () => {
          const completion = await ask(llm, { messages: question })
          expect(completion).to.deep.equal({
            text: 'You said: Which wing is best?',
            usage: { promptTokens: 6, completionTokens: 6 },
            finishReason: 'stop',
          })
        })

        it('passes on every message, temperature and limit', async () => {
          const completion = await ask(llm, { messages: question, temperature: 0.2, maxTokens: 2 })
          expect(completion.text).to.equal('You said:')
          expect(completion.finishReason).to.equal('length')
          const sent = JSON.stringify(server.seen[0]!.body)
          expect(server.seen[0]!.body['messages']).to.deep.equal(question)
          expect(sent).to.include('"temperature":0.2').and.include(llm.model)
        })

        it('asks for JSON when told to', async () => {
          await ask(llm, { messages: question, json: true })
          expect(JSON.stringify(server.seen[0]!.body)).to.match(/json/)
        })

        it('tries again after an overload, and no sooner than Retry-After says', async () => {
          server.misbehave(
            { kind: 'status', status: 429, headers: { 'retry-after': '1' } },
            { kind: 'status', status: 503 },
          )
          const start = performance.now()
          expect((await ask(llm, { messages: question })).text).to.equal('You said: Which wing is best?')
          expect(server.seen).to.have.length(3)
          expect(performance.now() - start).to.be.at.least(990)
        })

        it('gives up after three failures that can pass, and says so', async () => {
          server.misbehave(...Array.from({ length: 3 }, () => ({ kind: 'status', status: 500 }) as const))
          const error = await failure(ask(llm, { messages: question }))
          expect(error.transient).to.equal(true)
          expect(error.message).to.include('500').and.include('scripted 500')
          expect(server.seen).to.have.length(3)
        })

        it('does not wait an hour because it is told to', async () => {
          server.misbehave({ kind: 'status', status: 429, headers: { 'retry-after': '3600' } })
          const error = await failure(ask(llm, { messages: question }))
          expect(error).to.include({ transient: true, retryAfterSeconds: 3600 })
          expect(server.seen).to.have.length(1)
        })

        it('does not repeat what cannot work', async () => {
          for (const status of [400, 401, 404]) {
            server.reset()
            server.misbehave({ kind: 'status', status })
            const error = await failure(ask(llm, { messages: question }))
            expect(error.transient, String(status)).to.equal(false)
            expect(error.message).to.include(String(status))
            expect(server.seen).to.have.length(1)
          }
        })

        it('survives a connection that closes without an answer', async () => {
          server.misbehave({ kind: 'hang-up' })
          expect((await ask(llm, { messages: question })).text).to.equal('You said: Which wing is best?')
        })

        it('says when time is up', async () => {
          server.misbehave({ kind: 'hang' })
          const hasty = make(server, { timeoutMs: 100, retries: quick })
          const error = await failure(ask(hasty, { messages: question }))
          expect(error.transient).to.equal(true)
          expect(error.message).to.include('0.1 s')
        })

        it('ends with the reason of a caller that gives up, and ends the request', async () => {
          server.misbehave({ kind: 'hang' })
          const caller = new AbortController()
          const call = ask(llm, { messages: question, signal: caller.signal }).then(
            () => expect.fail('nothing was thrown'),
            (error: unknown) => error,
          )
          await until(() => server.seen.length === 1)
          const reason = new Error('the client went away')
          caller.abort(reason)
          expect(await call).to.equal(reason)
          await server.seen[0]!.abandoned
          const late = ask(llm, { messages: question, signal: AbortSignal.abort(reason) })
          expect(await late.catch((error: unknown) => error)).to.equal(reason)
          expect(server.seen).to.have.length(1)
        })
      })
    }

    it('refuses answers that are not the protocol', async () => {
      for (const kind of ['malformed', 'not-the-protocol'] as const) {
        server.misbehave({ kind }, { kind }, { kind })
        expect((await failure(llm.complete({ messages: question }))).message, kind).to.match(/cannot be used/)
        server.reset()
        server.misbehave({ kind }, { kind }, { kind })
        expect((await failure(readStream(llm.stream({ messages: question })))).transient, kind).to.equal(true)
        server.reset()
      }
    })

    it('streams piece by piece', async () => {
      const { pieces, result: completion } = await readStream(llm.stream({ messages: question }))
      expect(pieces).to.deep.equal(['You', ' said:', ' Which', ' wing', ' is', ' best?'])
      expect(pieces.join('')).to.equal(completion.text)
    })

    it('says when a stream breaks off, and does not start it again', async () => {
      server.misbehave({ kind: 'cut-stream', after: 2 })
      const pieces: string[] = []
      const error = await failure(readStream(llm.stream({ messages: question }), pieces))
      expect(error.transient).to.equal(true)
      expect(error.message).to.include('broke off')
      expect(pieces).to.deep.equal(['You', ' said:'])
      expect(server.seen).to.have.length(1)
    })

    it('says when a stream comes to a stand', async () => {
      server.misbehave({ kind: 'hang-in-stream', after: 2 })
      const hasty = make(server, { timeoutMs: 200, retries: quick })
      expect((await failure(readStream(hasty.stream({ messages: question })))).message).to.include('0.2 s')
    })

    it('ends the request of a reader who leaves, and of one who aborts', async () => {
      server.misbehave({ kind: 'hang-in-stream', after: 3 }, { kind: 'hang-in-stream', after: 1 })
      for await (const piece of llm.stream({ messages: question })) {
        expect(piece).to.equal('You')
        break
      }
      await server.seen[0]!.abandoned
      const caller = new AbortController()
      const reason = new Error('enough')
      const pieces = llm.stream({ messages: question, signal: caller.signal })
      await pieces.next()
      caller.abort(reason)
      expect(await pieces.next().catch((error: unknown) => error)).to.equal(reason)
      await server.seen[1]!.abandoned
      // Sooner than by the time limit of the call, which ends it anyway.
    }).timeout(4000)

    it('says which host cannot be reached', async () => {
      const gone = await startModelServer()
      await gone.close()
      const error = await failure(make(gone, { timeoutMs: 1000, retries: once }).complete({ messages: question }))
      expect(error.transient).to.equal(true)
      expect(error.message).to.include(new URL(gone.url).host).and.include('ECONNREFUSED')
    })

    it('sends user and password of the address as a header, and shows them nowhere', async () => {
      const withPassword = (url: string) => url.replace('//', '//user:hunter%322@')
      const guarded = { ...server, url: withPassword(server.url), openAiUrl: withPassword(server.openAiUrl) }
      const inside = make(guarded, { timeoutMs: 1000, retries: once })
      await inside.complete({ messages: question })
      expect(server.seen[0]!.headers.authorization).to.equal(`Basic ${btoa('user:hunter22')}`)
      server.misbehave({ kind: 'hang-up' })
      const error = await failure(inside.complete({ messages: question }))
      expect(inspect(error, { depth: 10 })).not.to.include('hunter')
    })
  })
}

const failure = (call: Promise<unknown>) => rejectionOf(call, ProviderError)

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve))
}
