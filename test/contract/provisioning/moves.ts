import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { pino } from 'pino'
import { CONTROL_SCHEMA } from '../../../api/contract/names.ts'
import { Mover } from '../../../api/provisioning/moving/mover.ts'
import type { MoveTiming } from '../../../api/provisioning/moving/plan-move.ts'
import { observeTenantRemoval } from '../../../api/provisioning/observe-removal.ts'
import { planTenantRemoval } from '../../../api/provisioning/plan-removal.ts'
import { applyPlan } from '../../../api/provisioning/apply.ts'
import { findMove } from '../../../api/stores/postgres/isolation-moves.ts'
import type { Isolation, TenantRow } from '../../../api/stores/postgres/rows.ts'
import { inTenant, TenantScope } from '../../../api/stores/postgres/tenant-scope.ts'
import { findTenantBySlug } from '../../../api/stores/postgres/tenants.ts'
import { VectorScope } from '../../../api/stores/vectors/vector-scope.ts'
import type { VectorPoint, VectorStore } from '../../../api/stores/vectors/vector-store.ts'
import { fillTenant, pointAt } from '../../support/filled-tenant.ts'
import { dropProductSchemas } from '../../support/product-schemas.ts'
import { contextWith, kinds, MemoryVault, pipelineWith, provisionPipeline, provisionTenant, tenantOf } from '../../support/provisioning.ts' // prettier-ignore
import type { GetStores } from '../provisioning.ts'

/** More than two pages. */
const POINTS = 520
const atOnce: MoveTiming = { settleMs: 0, clearAfterMs: 0 }

export function moveContract(get: GetStores): void {
  describe('a move between collections', () => {
    const pipeline = pipelineWith('move')
    let slugs = 0
    const vault = new MemoryVault()
    let neighbour: TenantRow

    before(async () => {
      await dropProductSchemas(get().database)
      await provisionPipeline(get(), pipeline)
      neighbour = await fillTenant(get(), tenantOf(pipeline, 'neighbour'), new MemoryVault(), 20)
    })

    const wish = (slug: string, isolation: Isolation) => tenantOf(pipeline, slug, { isolation, apiKeys: [] })
    const filled = async (isolation: Isolation = 'Shared', points = POINTS) =>
      fillTenant(get(), wish(`moved-${++slugs}`, isolation), vault, points)
    const ask = (slug: string, isolation: Isolation) =>
      provisionTenant(get(), wish(slug, isolation), contextWith(vault))
    const rowOf = async ({ slug }: TenantRow) => (await findTenantBySlug(get().database, slug))!
    const moveOf = async ({ id }: TenantRow) => (await findMove(get().database, id))!
    const moverOn = (vectors: VectorStore, timing = atOnce) =>
      new Mover({ database: get().database, vectors, timing, log: pino({ level: 'silent' }), now: () => new Date() })
    /** As if the time had passed that a failed or dead worker's move is left alone. */
    const due = () => get().database('isolation_moves').withSchema(CONTROL_SCHEMA).update({ held_until: null })
    const run = async (row: TenantRow, mover = moverOn(get().vectors)) => {
      for (let step = 0; step < 200; step++) {
        if ((await moveOf(row)).phase === 'done') return
        await due()
        await mover.step()
      }
      throw new Error(`the move is not done: ${JSON.stringify(await moveOf(row))}`)
    }
    const pointsIn = async (collection: string, { id }: TenantRow): Promise<VectorPoint[]> => {
      const there = (await get().vectors.collections.resolve(collection)) !== null
      return there ? get().vectors.page(new VectorScope(collection, id, 'all'), { after: null, limit: 5000 }) : []
    }

    it('takes every point as it is, to a collection of the tenant’s own and back, and leaves others alone', async () => {
      const row = await filled()
      const before = await pointsIn(row.collection, row)
      const others = await pointsIn(neighbour.collection, neighbour)
      expect(kinds(await ask(row.slug, 'Dedicated')).slice(-2)).to.deep.equal(['begin-move', 'update-tenant'])
      expect((await rowOf(row)).collection, 'served from where it is').to.equal('move_shared')
      expect(kinds(await ask(row.slug, 'Dedicated')), 'asked again while it is under way').to.deep.equal([])
      await run(row)
      const own = await rowOf(row)
      expect(own.collection).to.match(/^move_t_moved_/)
      expect(await pointsIn(own.collection, row)).to.deep.equal(before)
      expect(await pointsIn('move_shared', row)).to.deep.equal([])
      expect(kinds(await ask(row.slug, 'Dedicated'))).to.deep.equal([])

      await ask(row.slug, 'Shared')
      await run(row)
      expect((await rowOf(row)).collection).to.equal('move_shared')
      expect(await pointsIn('move_shared', row)).to.deep.equal(before)
      expect(await get().vectors.collections.resolve(own.collection)).to.equal(null)
      expect(await get().vectors.collections.list(own.collection)).to.deep.equal([])
      expect(await get().database('embedding_generations').withSchema(CONTROL_SCHEMA).where({ alias: own.collection })).to.deep.equal([]) // prettier-ignore
      expect(kinds(await ask(row.slug, 'Shared'))).to.deep.equal([])
      expect(await pointsIn(neighbour.collection, neighbour)).to.deep.equal(others)
      const log = await get()
        .database('audit_log')
        .withSchema(CONTROL_SCHEMA)
        .where({ tenant_id: row.id })
        .orderBy('id')
      const told = log.map(({ action }) => action).filter(action => /move|switch|clear/.test(action))
      expect(told).to.deep.equal(['begin-move', 'switch-collection', 'clear-source', 'begin-move', 'switch-collection', 'clear-source']) // prettier-ignore
    })

    it('catches up with what was written, deleted and weighted anew while it copied', async () => {
      const row = await filled()
      await ask(row.slug, 'Dedicated')
      const mover = moverOn(get().vectors)
      await mover.step()
      expect((await moveOf(row)).phase).to.equal('catching-up')
      const scope = new TenantScope(await rowOf(row))
      const { kb, documents } = await inTenant(get().database, scope, async ({ sql }) => {
        const kb = (await sql('knowledge_bases').first('id')).id as string
        const documents: string[] = []
        for (const hash of ['new', 'short-lived']) {
          const [inserted] = await sql('documents').insert({ kb_id: kb, title: 'T', content_hash: hash, media_type: 'text/plain', size_bytes: 1 }).returning('id') // prettier-ignore
          documents.push(inserted.id)
        }
        await sql('knowledge_bases').where({ id: kb }).increment('version', 1)
        return { kb, documents }
      })
      const [added = '', gone = ''] = documents
      const written = Array.from({ length: 40 }, (_, position) => pointAt(kb, added, position))
      await get().vectors.upsert(scope.vectors(), written)
      // A page that was being copied when its document was deleted.
      await get().vectors.upsert(new VectorScope((await moveOf(row)).target, row.id, 'all'), [pointAt(kb, gone, 0)])
      const [first] = await pointsIn(scope.collection, row)
      await get().vectors.updateSparse(scope.vectors(), new Map([[first!.id, { indices: [7], values: [0.25] }]]))
      const before = await pointsIn(scope.collection, row)
      await run(row, mover)
      expect(before).to.have.length(POINTS + 40)
      expect(await pointsIn((await rowOf(row)).collection, row)).to.deep.equal(before)
    })

    it('does not switch while a job of the tenant is at work, nor when something changes after the comparison', async () => {
      const row = await filled('Shared', 10)
      await ask(row.slug, 'Dedicated')
      const scope = new TenantScope(row)
      const jobs = () => get().database('jobs').withSchema(CONTROL_SCHEMA)
      const job = { id: randomUUID(), tenant_id: row.id, kb_id: randomUUID(), kind: 'ingest', status: 'running' }
      await jobs().insert(job)
      for (let step = 0; step < 3; step++) await due().then(() => moverOn(get().vectors).step())
      expect(await moveOf(row)).to.include({ phase: 'catching-up', error: '1 jobs of the tenant are still at work' })
      await jobs().where({ id: job.id }).update({ status: 'succeeded' })
      let changes = 0
      const meddled = onCall(get().vectors, 'countByDocument', async () => {
        if (changes++ < 2) await inTenant(get().database, scope, ({ sql }) => sql('knowledge_bases').increment('version', 1)) // prettier-ignore
      })
      await due().then(() => moverOn(meddled).step())
      expect([changes > 0, (await rowOf(row)).collection]).to.deep.equal([true, 'move_shared'])
      await run(row)
      expect((await rowOf(row)).collection).not.to.equal('move_shared')
    })

    it('goes on after a failure of any call to the vector store, in either direction, and loses nothing', async () => {
      const row = await filled('Shared', 40)
      const before = await pointsIn(row.collection, row)
      for (let at = 1; ; at++) {
        const from = (await rowOf(row)).collection
        await ask(row.slug, from === 'move_shared' ? 'Dedicated' : 'Shared')
        let calls = 0
        const faulty = onCall(get().vectors, null, async () => {
          if (++calls === at) throw new Error('the store is away')
        })
        await run(row, moverOn(faulty))
        const { collection } = await rowOf(row)
        expect(collection).not.to.equal(from)
        expect(await pointsIn(collection, row), `failure at call ${at}`).to.deep.equal(before)
        expect(await pointsIn(from, row)).to.deep.equal([])
        if (calls >= at) continue
        expect(at).to.be.greaterThan(8)
        break
      }
    })

    it('is taken up by another worker when the one at it is not heard of, and that one writes nothing more', async () => {
      const row = await filled()
      await ask(row.slug, 'Dedicated')
      const scope = new VectorScope(`move_t_${row.slug.replaceAll('-', '_')}`, row.id, 'all')
      let overtaken = false
      const slow = onCall(get().vectors, 'page', async () => {
        if (overtaken) return
        overtaken = true
        await run(row)
        await get().vectors.delete(scope, { all: true })
      })
      await moverOn(slow).step()
      expect(overtaken).to.equal(true)
      expect(await get().vectors.count(scope, { all: true }), 'written by the one that was overtaken').to.equal(0)
    })

    for (const [from, to] of [
      ['Shared', 'Dedicated'],
      ['Dedicated', 'Shared'],
    ] as const)
      // prettier-ignore
      it(`from ${from} to ${to} is cancelled by deleting the tenant, and nothing stays in either place`, async () => {
        const row = await filled(from)
        await ask(row.slug, to)
        const mover = moverOn(get().vectors)
        await mover.step()
        const { source, target } = await moveOf(row)
        expect(await pointsIn(target, row)).to.have.length(POINTS)
        const { owner } = wish(row.slug, to)
        const removal = { slug: row.slug, owner, policy: 'Delete', collectionPrefix: 'move', keyNames: [] } as const
        await applyPlan(get(), planTenantRemoval(removal, await observeTenantRemoval(get(), removal, vault)), contextWith(vault)) // prettier-ignore
        await due()
        await mover.step()
        for (const place of [source, target]) expect(await pointsIn(place, row), place).to.deep.equal([])
        expect(await get().vectors.collections.list(`move_t_${row.slug.replaceAll('-', '_')}`)).to.deep.equal([])
        expect(await findMove(get().database, row.id)).to.equal(null)
      })
  })
}

/** The store, with something done before each call of a method, or of any that touches points or collections. */
function onCall(store: VectorStore, method: keyof VectorStore | null, before: () => Promise<void>): VectorStore {
  const wrap = <T extends object>(target: T, on: (name: string) => boolean): T =>
    new Proxy(target, {
      get(object, name) {
        const value = Reflect.get(object, name) as unknown
        if (name === 'collections') return wrap(value as object, on)
        if (typeof value !== 'function') return value
        const call = value.bind(object) as (...args: unknown[]) => unknown
        if (!on(String(name))) return call
        return async (...args: unknown[]) => {
          await before()
          return call(...args)
        }
      },
    })
  return wrap(store, name => method === null || name === method)
}
