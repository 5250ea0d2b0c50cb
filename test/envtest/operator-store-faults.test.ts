import { expect } from 'chai'
import knex, { type Knex } from 'knex'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { types } from '../../operator/observe/resource-types.ts'
import { eventually } from '../support/eventually.ts'
import { conditionOf, type OperatorWorld } from '../support/operator-world.ts'
import { inOwnWorlds } from '../support/own-worlds.ts'
import { postgres } from '../support/postgres.ts'
import { tenantManifest } from '../support/sample-resources.ts'
import { type ScriptedProxy, scriptedProxy } from '../support/scripted-proxy.ts'
import { onSmallDisk, type SmallDisk } from '../support/small-disk.ts'
import { type TcpGate, tcpGate } from '../support/tcp-gate.ts'

describe('an operator whose stores fail', function () {
  this.timeout(90_000)
  let world: OperatorWorld

  inOwnWorlds(own => (world = own))

  const pipelineIs = (type: string, expected: object, timeoutMs = 20_000) =>
    eventually(async () => expect(conditionOf(await world.pipeline(), type)).to.include(expected), timeoutMs)
  const failures = () => world.logs.filter(line => line.includes('reconcile failed')).length

  describe('Qdrant', () => {
    let qdrant: ScriptedProxy

    beforeEach(async () => {
      qdrant = await scriptedProxy(world.qdrant.url)
    })

    afterEach(async () => {
      await qdrant.stop()
    })

    const applySamples = () =>
      world.applySamples(pipeline => {
        const { spec } = pipeline as unknown as { spec: { vectors: object } }
        spec.vectors = { ...spec.vectors, url: qdrant.url }
      })
    const asked = () => qdrant.seen.filter(({ method }) => method !== 'GET').length

    it('behind 500s is told with what it says, asked less and less, and used as soon as it works', async () => {
      qdrant.script = () => ({ status: 500, body: JSON.stringify({ status: { error: 'shard is down' } }) })
      await world.start()
      await applySamples()
      await pipelineIs('VectorStoreReady', { status: 'False', reason: 'Unreachable' })
      expect(conditionOf(await world.pipeline(), 'VectorStoreReady')?.message).to.contain('answers 500: shard is down; it is tried again') // prettier-ignore
      // The tenant waits with it, and does not ask by itself.
      await eventually(async () => expect(conditionOf(await world.tenant(), 'CollectionReady')).to.include({ reason: 'Unreachable' })) // prettier-ignore
      await eventually(() => expect(failures()).to.be.at.least(3))
      expect(qdrant.seen.length, 'three tries a run, of few runs').to.be.below(40)
      qdrant.script = () => 'pass'
      await world.becomesReady(60_000)
    })

    it('that answers 429 is left alone for as long as Retry-After says', async () => {
      qdrant.script = () => ({ status: 429, headers: { 'retry-after': '5' }, body: 'slow down' })
      await world.start()
      await applySamples()
      await pipelineIs('VectorStoreReady', { status: 'False', reason: 'OutOfResources' })
      const first = { at: performance.now(), asked: qdrant.seen.length }
      qdrant.script = () => 'pass'
      await world.becomesReady(30_000)
      expect(performance.now() - first.at, 'milliseconds until it was asked again').to.be.greaterThan(3500)
      expect(first.asked, 'one request of the pipeline, and at most one of the tenant').to.be.at.most(2)
    })

    it('that made the collection and lost the answer is read again, and not asked twice', async () => {
      let lost = 0
      qdrant.script = ({ method, path }) => {
        const creates = method === 'PUT' && /^\/collections\/[^/]+$/.test(path)
        return creates && lost++ < 3 ? 'lose-answer' : 'pass'
      }
      await world.start()
      await applySamples()
      await world.becomesReady(30_000)
      expect(lost, 'the answer was lost').to.equal(3)
      expect(await world.vectors.collections.list(world.prefix)).to.deep.equal([`${world.prefix}_shared_g1`])
      expect(failures()).to.equal(0)
    })

    it('that does not answer in time is no reason to stop, nor to make anything twice', async () => {
      let hung = 0
      qdrant.script = ({ method }) => (method === 'POST' && hung++ < 1 ? 'hang' : 'pass')
      await world.start()
      await applySamples()
      await pipelineIs('VectorStoreReady', { status: 'False', reason: 'Unreachable' }, 30_000)
      expect(conditionOf(await world.pipeline(), 'VectorStoreReady')?.message).to.contain('did not answer within')
      await world.becomesReady(30_000)
      expect(asked()).to.be.above(1)
    })
  })

  describe('Postgres', () => {
    let gate: TcpGate

    beforeEach(async () => {
      gate = await tcpGate(world.database.url)
    })

    /** The samples, with a database that can be cut off. */
    async function applySamples(): Promise<void> {
      await world.applySamples()
      await setUrl(gate.url)
    }

    async function setUrl(url: string): Promise<void> {
      const data = { url: Buffer.from(url).toString('base64') }
      await world.client.mergePatch(types.secrets, { namespace: world.namespace, name: 'demo-postgres' }, { data })
    }

    async function asSuperuser(work: (sql: Knex) => Promise<unknown>): Promise<void> {
      const url = new URL((await postgres()).url)
      url.pathname = `/${world.database.name}`
      const sql = knex({ client: 'pg', connection: url.href, pool: { min: 0, max: 1 } })
      try {
        await work(sql)
      } finally {
        await sql.destroy()
      }
    }

    /** Where nothing can be mounted, the server says what it would say. */
    function pretendedDisk(): SmallDisk {
      return {
        fill: () =>
          asSuperuser(sql =>
            sql.raw(`
              CREATE FUNCTION no_room() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
                RAISE EXCEPTION 'could not extend file "base/1/2": No space left on device' USING ERRCODE = '53100', HINT = 'Check free disk space.';
              END $$;
              CREATE EVENT TRIGGER no_room ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION no_room()`),
          ),
        free: () => asSuperuser(sql => sql.raw('DROP EVENT TRIGGER no_room')),
        remove: async () => undefined,
      }
    }

    it('whose disk is full is told as that, and the tenant is made as soon as there is room', async () => {
      const server = knex({ client: 'pg', connection: (await postgres()).url, pool: { min: 0, max: 1 } })
      const disk = (await onSmallDisk(server, world.database.name)) ?? pretendedDisk()
      try {
        await world.start()
        await world.applySamples()
        await world.becomesReady()
        await disk.fill()
        await world.create(tenantManifest({}, 'late'))
        const schema = async () => conditionOf(await world.tenant('late'), 'SchemaReady')
        await eventually(async () => {
          expect(await schema()).to.include({ status: 'False', reason: 'OutOfResources' })
        })
        expect((await schema())?.message, "the server's words, without SQL").to.match(/^could not .* file .*No space left on device/) // prettier-ignore
        expect(conditionOf(await world.tenant('late'), 'Progressing')).to.include({
          status: 'True',
          reason: 'Retrying',
        })
        expect(conditionOf(await world.tenant(), 'Ready'), 'the others').to.include({ status: 'True' })
        await disk.free()
        await eventually(async () => expect(conditionOf(await world.tenant('late'), 'Ready')?.status).to.equal('True'), 60_000) // prettier-ignore
      } finally {
        await disk.free().catch(() => undefined)
        await world.dispose()
        await disk.remove()
        await server.destroy()
      }
    })

    it('that is away is tried by the pipeline alone, however many tenants there are', async () => {
      await world.start()
      await applySamples()
      const names = Array.from({ length: 12 }, (_, index) => `many-${index}`)
      for (const name of names) await world.create(tenantManifest({}, name))
      const readiness = async () => {
        const tenants = await Promise.all(names.map(name => world.tenant(name)))
        return tenants.map(tenant => conditionOf(tenant, 'Ready')?.status)
      }
      await eventually(async () => expect(new Set(await readiness())).to.deep.equal(new Set(['True'])), 60_000)
      await gate.close()
      // A wish that concerns all of them, while nobody can be reached.
      for (const name of names) await world.client.mergePatch(types.tenants, { namespace: world.namespace, name }, { spec: { displayName: 'Changed' } }) // prettier-ignore
      await eventually(async () => {
        const tenants = await Promise.all(names.map(name => world.tenant(name)))
        for (const tenant of tenants) expect(conditionOf(tenant, 'SchemaReady')).to.include({ status: 'False', reason: 'Unreachable' }) // prettier-ignore
      }, 30_000) // prettier-ignore
      const before = { tenants: tenantFailures(), all: failures() }
      await eventually(() => expect(failures()).to.be.at.least(before.all + 3), 30_000)
      expect(tenantFailures() - before.tenants, 'failed runs of tenants while the pipeline tries').to.be.at.most(2)
      await gate.open()
      await eventually(async () => expect(new Set(await readiness())).to.deep.equal(new Set(['True'])), 60_000)
      for (const name of names) expect((await world.tenant(name)).status?.observedGeneration).to.equal(2)
    })

    const tenantFailures = () =>
      world.logs.filter(line => line.includes('reconcile failed') && line.includes('"controller":"tenant"')).length
  })
})
