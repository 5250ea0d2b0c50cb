import { expect } from 'chai'
import fc from 'fast-check'
import { before, describe, it } from 'mocha'
import type { Route } from '../../api/http/route.ts'
import { routes } from '../../api/http/routes/index.ts'
import { type TestApi, startApi } from '../support/api.ts'
import type { Answer } from '../support/api-client.ts'
import { eventually } from '../support/eventually.ts'
import { orSkip } from '../support/missing-part.ts'
import { type RandomRequest, requestFor } from '../support/random-request.ts'
import { type World, makeWorld } from '../support/tenant-world.ts'

/** More than the attacker gets of anything in this test: a list that counts so many counts the victim's. */
const CROWD = 150

/**
 * Two tenants with the same words in their documents, each with a marker of its own in everything it has. `alpaca` sends
 * requests to every route that takes a key, with its own ids and with `badger`'s; nothing of badger may be in an answer,
 * and badger must be as before. Requests are made from the routes' own schemas: a new route is attacked without a word here.
 */
describe('tenant isolation', () => {
  const attacked = routes.filter(route => typeof route.auth === 'object')
  let alpaca: World
  let badger: World

  before(async function () {
    this.timeout(180_000)
    const api: TestApi = await orSkip(this, startApi({ environment: { FETCH_ALLOWED_HOSTS: '127.0.0.1' } }))
    alpaca = await makeWorld(api, 'alpaca')
    badger = await makeWorld(api, 'badger', CROWD)
    await eventually(async () => {
      const { body } = await badger.client.get(`/v1/knowledge-bases/${badger.knowledgeBaseId}/documents?status=ready`)
      expect(body.total).to.equal(CROWD + 3)
    }, 90_000)
  })

  it('holds over random requests to every route', async function () {
    this.timeout(300_000)
    const before = await snapshot(badger)
    const reached = new Map<Route, Set<number>>(attacked.map(route => [route, new Set()]))
    // Every route gets its share: chance alone might leave one out.
    const perRoute = Math.ceil(1100 / attacked.length)
    for (const [index, route] of attacked.entries())
      await fc.assert(
        fc.asyncProperty(requestFor(route, alpaca, badger), async request => {
          const answer = await request.send()
          reached.get(route)?.add(answer.status)
          expectNothingForeign(request, answer)
        }),
        // Requests change the world, so a failing one cannot be repeated to shrink it: it is told as it was.
        { numRuns: perRoute, seed: 20_260_101 + index, endOnFailure: true },
      )
    expect(await snapshot(badger)).to.deep.equal(before)
    // A route that only ever refused would have proved nothing.
    for (const [{ method, path, operationId }, statuses] of reached)
      // Vectors of the caller's own text: nothing of anybody's, and no model in this test.
      if (operationId !== 'createEmbeddings')
      expect([...statuses].some(status => status < 300), `${method} ${path}: ${[...statuses].join()}`).to.equal(true) // prettier-ignore
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
    for (const retriever of ['bm25', 'hybrid'])
      for (const path of ['/v1/retrieve', '/v1/rag'])
        for (const [mine, other] of [
          [alpaca, badger],
          [badger, alpaca],
        ] as const) {
          const { body, text } = await mine.client.post(path, { query: 'quarterly report', retriever, top_k: 50, include_trace: true }) // prettier-ignore
          expect(body.results ?? body.sources).not.to.be.empty
          expect(text).to.contain(mine.marker).and.not.to.contain(other.marker)
        }
  })

  /** No id, no text and no count. A refusal may repeat the ids that it was asked about, and nothing else. */
  function expectNothingForeign(request: RandomRequest, { status, text, body }: Answer): void {
    expect(status, text).to.be.below(500)
    if (request.foreignIds.length > 0) expect(status, text).to.be.oneOf([400, 403, 404, 409])
    expect(text).not.to.contain(badger.marker)
    for (const id of badger.ids) if (!request.foreignIds.includes(id)) expect(text).not.to.contain(id)
    if (typeof body?.total === 'number') expect(body.total).to.be.below(CROWD)
  }
})

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
