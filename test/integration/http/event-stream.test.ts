import { once } from 'node:events'
import { type IncomingMessage, createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import express from 'express'
import { after, describe, it } from 'mocha'
import { pino } from 'pino'
import { frame, sendEvents } from '../../../api/http/event-stream.ts'
import { requestId } from '../../../api/http/middleware/request-id.ts'
import type { ServerEvent } from '../../../api/http/route.ts'
import { readEvents } from '../../support/api-client.ts'
import { eventually } from '../../support/eventually.ts'

describe('a stream of events', () => {
  const stops: (() => void)[] = []
  after(() => stops.forEach(stop => stop()))

  /** A server whose every answer is this stream. */
  async function serving(events: () => AsyncIterable<ServerEvent>, heartbeatMs?: number): Promise<string> {
    const app = express()
    app.use(requestId(pino({ level: 'silent' })))
    app.use((_request, response, next) => {
      sendEvents(response, { status: 200, events: events() }, heartbeatMs).catch(next)
    })
    app.use((_error: unknown, _request: unknown, response: express.Response, _next: unknown) => void response.status(418).end()) // prettier-ignore
    const server = createServer(app).listen(0, '127.0.0.1')
    await once(server, 'listening')
    stops.push(() => (server.closeAllConnections(), server.close()))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  it('is what a client of the standard reads, line breaks and all', async () => {
    const data = { text: 'one\ntwo\r\n: no comment\u2028' }
    const url = await serving(async function* () {
      yield { event: 'delta', data }
      yield { event: 'message', data: '[DONE]' }
    })
    const text = await (await fetch(url)).text()
    expect(readEvents(text)).to.deep.equal([{ event: 'delta', data }, { event: 'message', data: '[DONE]' }]) // prettier-ignore
    expect(frame({ event: 'message', data: '[DONE]' })).to.equal('data: [DONE]\n\n')
  })

  it('keeps the connection alive while nothing happens', async () => {
    const url = await serving(async function* () {
      yield { event: 'delta', data: {} }
      await delay(150)
      yield { event: 'done', data: {} }
    }, 20)
    const text = await (await fetch(url)).text()
    expect(text.match(/^:$/gm)?.length).to.be.greaterThan(1)
    expect(readEvents(text).map(({ event }) => event)).to.deep.equal(['delta', 'done'])
  })

  it('is an ordinary error when it fails before its first event', async () => {
    // eslint-disable-next-line require-yield
    const url = await serving(async function* () {
      throw new Error('not even begun')
    })
    expect((await fetch(url)).status).to.equal(418)
  })

  it('ends with an error event that tells no internals', async () => {
    const url = await serving(async function* () {
      yield { event: 'delta', data: {} }
      throw new Error('secret of the house')
    })
    const text = await (await fetch(url)).text()
    expect(readEvents(text).map(({ event }) => event)).to.deep.equal(['delta', 'error'])
    expect(text).to.contain('INTERNAL_ERROR').and.not.to.contain('secret')
  })

  it('waits for a client that reads slowly, and ends its source when the client goes', async () => {
    const made = { events: 0, ended: false }
    const url = await serving(async function* () {
      try {
        for (;;) {
          made.events++
          yield { event: 'delta', data: { text: 'x'.repeat(100_000) } }
        }
      } finally {
        made.ended = true
      }
    })
    const response = await new Promise<IncomingMessage>(resolve => get(url, resolve))
    response.pause()
    let before = -1
    // Until the buffers between here and there are full.
    await eventually(async () => {
      const now = made.events
      await delay(30)
      expect([now, made.events]).to.deep.equal([before, before], String((before = made.events)))
    })
    expect(made.events).to.be.lessThan(1000)
    response.destroy()
    await eventually(() => expect(made.ended).to.equal(true))
  })
})
