import type { IRouter, Request, Response } from 'express'
import { z } from 'zod'
import { onAccountOf } from '../usage/charged-tenant.ts'
import type { Services } from '../services/services.ts'
import type { Form } from './read-form.ts'
import { readForm } from './read-form.ts'
import { readJson } from './read-json.ts'
import { type Gate, type Identity, identify } from './identify.ts'
import { parseParams } from './identifier.ts'
import { sendEvents } from './event-stream.ts'
import { stateOf } from './request-state.ts'
import type { AnyReply, Route } from './route.ts'
import { serverTiming } from './server-timing.ts'
import { validate } from './validate.ts'

export interface RouteParts {
  readonly gate: Gate
  readonly services: Services
  readonly maxBodyBytes: number
}

const noFields = z.strictObject({})

/** Makes Express serve a route. Who is not let in is told so before a byte of the body is read. */
export function mountRoute(router: IRouter, route: Route, parts: RouteParts): void {
  router[route.method](expressPath(route.path), async (request, response) => {
    const state = stateOf(response)
    state.route = route.path
    state.errorShape = route.errorShape ?? 'own'
    const identity = await identify(route.auth, request, response, parts.gate)
    const work = () => answer(route, request, response, parts, identity)
    if (!identity.scope) return work()
    const { tenantId } = identity.scope
    parts.services.usage.meter.add(tenantId, { requests: 1 })
    return onAccountOf(tenantId, work)
  })
}

/** Streams too: what they call while they are sent is on the same account. */
async function answer(
  route: Route,
  request: Request,
  response: Response,
  parts: RouteParts,
  identity: Identity,
): Promise<void> {
  const state = stateOf(response)
  const reply = await route.handler({
    ...identity,
    params: parseParams(route.params ?? noFields, request.params),
    query: validate(route.query ?? noFields, request.query, 'query'),
    headers: readHeaders(route, request),
    body: await readBody(route, request, response, parts.maxBodyBytes),
    requestId: state.requestId,
    signal: abortedWithClient(response),
    log: state.log,
    services: parts.services,
  })
  const total = performance.now() - state.startedAt
  response.set('Server-Timing', serverTiming({ ...reply.timings, total }))
  if (reply.events) await sendEvents(response, { ...reply, events: reply.events })
  else send(response, reply)
}

/** `/v1/documents/{id}` → `/v1/documents/:id` */
export function expressPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1')
}

function readHeaders(route: Route, request: Request): unknown {
  if (!route.headers) return {}
  const named = Object.keys(route.headers.shape).map(name => [name, request.get(name)])
  return validate(route.headers, Object.fromEntries(named.filter(([, value]) => value !== undefined)), 'headers')
}

async function readBody(route: Route, request: Request, response: Response, limitBytes: number): Promise<unknown> {
  if (route.form) {
    const form: Form = await readForm(request, limitBytes)
    return { fields: validate(route.form, form.fields, 'form'), file: form.file }
  }
  if (!route.body) return undefined
  // A body that may be left out is validated as nothing.
  const absent = request.get('content-length') === undefined && request.get('transfer-encoding') === undefined
  if ((absent || request.get('content-length') === '0') && route.body.safeParse(undefined).success)
    return route.body.parse(undefined)
  return validate(route.body, await readJson(request, response, limitBytes), 'body')
}

function abortedWithClient(response: Response): AbortSignal {
  const controller = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) controller.abort()
  })
  return controller.signal
}

function send(response: Response, reply: AnyReply): void {
  response.status(reply.status).set(reply.headers ?? {})
  if (!response.hasHeader('Cache-Control')) response.set('Cache-Control', 'no-store')
  if (reply.text !== undefined) return void response.send(reply.text)
  if (reply.body === undefined) return void response.end()
  response.json(reply.body)
}
