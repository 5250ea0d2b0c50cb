import { expect } from 'chai'
import fc from 'fast-check'
import { before, describe, it } from 'mocha'
import type { Route } from '../../api/http/route.ts'
import { routes } from '../../api/http/routes/index.ts'
import { createApp } from '../../api/http/app.ts'
import { expressPath } from '../../api/http/mount-route.ts'
import { type TestApi, ok, startApi } from '../support/api.ts'
import type { Answer } from '../support/api-client.ts'
import { eventually } from '../support/eventually.ts'
import { orSkip } from '../support/missing-part.ts'
import { type RandomRequest, requestFor } from '../support/random-request.ts'
import { type World, makeWorld } from '../support/tenant-world.ts'

/** More than the attacker gets of anything in this test: a list that counts so many counts the victim's. */
const CROWD = 150

/** In all, over every route, while tenants are moved. */
const REQUESTS = 5_000
const PARALLEL = 8

/** Of the requests to a route, until one succeeds. */
const SHARES = 5

/**
 * Three tenants with the same words in their documents, each with a marker of its own in everything it has. `alpaca`, in
 * the shared collection, and `camel`, in one of its own, send requests to every route that takes a key, with their own ids and with
 * another's; nothing of the other may be in an answer, and `badger` must be as before. Requests are made from the routes' own
 * schemas: a new route is attacked without a word here.
 */
describe('tenant isolation', () => {
  const attacked = routes.filter(route => typeof route.auth === 'object')
  let api: TestApi
  let alpaca: World
  let badger: World
  let camel: World

  before(async function () {
    this.timeout(180_000)
    // Longer than a process remembers where a tenant is.
    const moving = { settleMs: 3500, clearAfterMs: 200 }
    api = await orSkip(this, startApi({ moving, environment: { FETCH_ALLOWED_HOSTS: '127.0.0.1' } }))
    alpaca = await makeWorld(api, 'alpaca')
    camel = await makeWorld(api, 'camel', { isolation: 'Dedicated' })
    badger = await makeWorld(api, 'badger', { crowd: CROWD })
    await eventually(async () => {
      const { body } = await badger.client.get(`/v1/knowledge-bases/${badger.knowledgeBaseId}/documents?status=ready`)
      expect(body.total).to.equal(CROWD + 3)
    }, 90_000)
  })

  it('holds over random requests to every route', async function () {
    this.timeout(300_000)
    const before = await snapshot(badger)
    const reached = new Map<Route, Set<number>>(attacked.map(route => [route, new Set()]))
    // Every route gets its share: chance alone might leave one out. One that only ever refused would have proved nothing and gets more.
    const perRoute = Math.ceil(600 / attacked.length)
    const succeeded = (route: Route) => [...reached.get(route)!].some(status => status < 300)
    for (const [index, route] of attacked.entries())
      for (let share = 0; share === 0 || (share < SHARES && !succeeded(route)); share++)
        await fc.assert(
          fc.asyncProperty(requestFor(route, alpaca, badger), async request => {
            const answer = await request.send()
            reached.get(route)?.add(answer.status)
            expectNothingForeign(request, answer)
          }),
          // Requests change the world, so a failing one cannot be repeated to shrink it: it is told as it was.
          { numRuns: perRoute, seed: 20_260_101 + index + 1000 * share, endOnFailure: true },
        )
    expect(await snapshot(badger)).to.deep.equal(before)
    for (const [{ method, path, operationId }, statuses] of reached)
      // Vectors of the caller's own text: nothing of anybody's, and no model in this test.
      if (operationId !== 'createEmbeddings')
        expect(
          [...statuses].some(status => status < 300),
          `${method} ${path}: ${[...statuses].join()}`,
        ).to.equal(true)
  })

  it('knows every route that there is', () => {
    const { stack } = createApp(api.application).router
    const served = stack.map(({ route }) => route?.path).filter(path => path !== undefined)
    const known = routes.map(({ path }) => expressPath(path))
    expect(served.filter(path => !known.includes(path) && !path.startsWith('/docs/'))).to.deep.equal([])
  })

  it(`holds over ${REQUESTS} random requests while tenants move between collections`, async function () {
    this.timeout(600_000)
    const seed = Number(process.env['ISOLATION_SEED'] ?? 20_261_124)
    console.log(`      ISOLATION_SEED=${seed}`)
    const before = await snapshot(badger)
    const pairs = [[alpaca, badger], [alpaca, camel], [camel, badger], [camel, alpaca]] as const // prettier-ignore
    const each = Math.ceil(REQUESTS / pairs.length / attacked.length)
    const requests = pairs.flatMap(([self, other], pair) =>
      attacked.flatMap(
        (route, index) =>
        fc.sample(requestFor(route, self, other), { numRuns: each, seed: seed + 1000 * pair + index }).map(request => ({ request, other })), // prettier-ignore
      ),
    )
    // All routes and pairs at all times: a stride that is prime to the number of requests visits each of them once.
    const stride = 7919
    let next = 0
    let over = false
    const moves = moveAbout(api, [alpaca, badger, camel], () => over)
    const send = async () => {
      while (next < requests.length) {
        const { request, other } = requests[(next++ * stride) % requests.length]!
        const answer = await request.send()
        try {
          expectNothingOf(other, request, answer)
        } catch (cause) {
          throw new Error(`${request.toString()} answered ${answer.status}: ${answer.text.slice(0, 500)}`, { cause })
        }
      }
    }
    try {
      await Promise.all(Array.from({ length: PARALLEL }, send))
    } finally {
      over = true
    }
    expect(requests.length % stride).not.to.equal(0)
    expect(requests.length).to.be.at.least(REQUESTS)
    expect(await moves, 'moves that were completed').to.be.at.least(3)
    expect(await snapshot(badger)).to.deep.equal(before)
  })

  it('tells another tenant’s id in the words for an id that there is none of', async () => {
    for (const route of attacked.filter(({ params }) => params)) {
      const foreign = badger.idFor(route)
      const told = await alpaca.call(route, foreign)
      const unknown = await alpaca.call(route, UNKNOWN)
      expect(told.status, `${route.method} ${route.path}`).to.equal(404)
      expect(told.text.replaceAll(foreign, UNKNOWN)).to.equal(unknown.text)
    }
  })

  it('keeps searches apart although both tenants use the same words', async () => {
    for (const retriever of ['bm25', 'hybrid', 'raptor'])
      for (const path of ['/v1/retrieve', '/v1/rag'])
        for (const [mine, other] of [
          [alpaca, badger],
          [badger, alpaca],
        ] as const) {
          const { body, text } = await mine.client.post(path, { query: 'quarterly report', retriever, top_k: 50, include_trace: true }) // prettier-ignore
          expect(body.results ?? body.sources, text).not.to.be.empty
          expect(text).to.contain(mine.marker).and.not.to.contain(other.marker)
        }
  })

  /** No id, no text and no count: alpaca has fewer of everything, until it has sent thousands of requests. */
  function expectNothingForeign(request: RandomRequest, answer: Answer): void {
    expectNothingOf(badger, request, answer)
    if (typeof answer.body?.total === 'number') expect(answer.body.total).to.be.below(CROWD)
  }
})

/** No id and no text. A refusal may repeat the ids that it was asked about, and nothing else. */
function expectNothingOf(other: World, request: RandomRequest, { status, text }: Answer): void {
  expect(status, text).to.be.below(500)
  if (request.foreignIds.length > 0) expect(status, text).to.be.oneOf([400, 403, 404, 409])
  expect(text).not.to.contain(other.marker)
  for (const id of other.ids) if (!request.foreignIds.includes(id)) expect(text).not.to.contain(id)
}

/** Has tenants moved, each to where it is not, over and over; gives how many moves were completed. */
async function moveAbout(api: TestApi, worlds: readonly World[], over: () => boolean): Promise<number> {
  let done = 0
  while (!over()) {
    for (const { tenantId } of worlds) {
      const { collection } = ok(await api.admin.get(`/admin/tenants/${tenantId}/isolation`))
      const isolation = (collection as string).endsWith('_shared') ? 'Dedicated' : 'Shared'
      ok(await api.admin.post(`/admin/tenants/${tenantId}/isolation`, { isolation }))
    }
    for (const { tenantId } of worlds)
      await eventually(async () => {
        const { move } = ok(await api.admin.get(`/admin/tenants/${tenantId}/isolation`))
        expect(move).to.include({ phase: 'done', error: null })
        done++
      }, 90_000)
  }
  return done
}

const UNKNOWN = '00000000-0000-4000-8000-000000000000'

/** All that a tenant can see of itself. */
async function snapshot(world: World): Promise<Record<string, string>> {
  const read = async (path: string) => (await world.client.get(path)).text
  return {
    knowledgeBases: await read('/v1/knowledge-bases?page_size=100'),
    documents: await read(`/v1/knowledge-bases/${world.knowledgeBaseId}/documents?page_size=100`),
    chunks: await read(`/v1/documents/${world.documentIds[0]}/chunks`),
    keys: (await read('/v1/api-keys?page_size=100')).replaceAll(/"last_used_at":("[^"]*"|null)/g, ''),
  }
}
