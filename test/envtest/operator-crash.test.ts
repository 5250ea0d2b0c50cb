import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { hashApiKey } from '../../api/contract/api-key.ts'
import { payloadIndexes } from '../../api/stores/vectors/vector-store.ts'
import { types } from '../../operator/observe/resource-types.ts'
import { Crash } from '../support/crash.ts'
import { eventually } from '../support/eventually.ts'
import { orSkip } from '../support/missing-part.ts'
import { OperatorWorld } from '../support/operator-world.ts'

describe('an operator that is killed in the middle', function () {
  this.timeout(60_000)
  /** Changes that two fresh samples take, counted once. */
  let changes = 0

  before(async function () {
    this.timeout(900_000)
    const world = await orSkip(this, OperatorWorld.make())
    const crash = new Crash(Infinity)
    await world.start({ transport: crash.transport, hooks: crash.hooks })
    await world.applySamples()
    await world.becomesReady()
    changes = crash.changes
    expect(await stateOf(world)).to.deep.equal(complete)
    await world.dispose()
  })

  it('would be killed at more than 20 different points', () => {
    expect(changes).to.be.within(21, 80)
  })

  it('and started again reaches the same state, without duplicates, wherever it was killed', async function () {
    this.timeout(180_000)
    const points = Array.from({ length: changes }, (_, index) => index + 1)
    await atOnce(3, points, killAt)
  })

  async function killAt(at: number): Promise<void> {
    const world = await OperatorWorld.make()
    try {
      const crash = new Crash(at)
      const victim = await world.start({ transport: crash.transport, hooks: crash.hooks })
      await world.applySamples()
      // The order of two resources' changes varies a little, so that the last points may not be reached.
      await Promise.race([crash.happened, world.becomesReady()])
      await victim.stop()
      await world.start()
      await world.becomesReady()
      expect(await stateOf(world), `after a kill at change ${at}`).to.deep.equal(complete)
    } catch (error) {
      throw new Error(`killed at change ${at}: ${(error as Error).message}`, { cause: error })
    } finally {
      await world.dispose()
    }
  }

  it('while it cleans up, and started again leaves nothing behind', async function () {
    this.timeout(120_000)
    const whole = await killWhileRemoving(Infinity)
    expect(whole).to.be.within(8, 40)
    const points = Array.from({ length: whole }, (_, index) => index + 1)
    await atOnce(3, points, killWhileRemoving)
  })

  /** Gives how many changes the removal had taken until it ended or was killed. */
  async function killWhileRemoving(at: number): Promise<number> {
    const world = await OperatorWorld.make()
    try {
      await world.start()
      await world.applySamples()
      await world.becomesReady()
      await world.stopOperators()
      for (const [type, { metadata }] of [
        [types.tenants, await world.tenant()],
        [types.pipelines, await world.pipeline()],
      ] as const) {
        await world.client.mergePatch(type, metadata, { spec: { deletionPolicy: 'Delete' } })
        await world.client.delete(type, metadata)
      }
      const crash = new Crash(at)
      const victim = await world.start({ transport: crash.transport, hooks: crash.hooks })
      const gone = () => eventually(async () => expect(await left(world)).to.deep.equal(nothing))
      await Promise.race([crash.happened, gone()])
      await victim.stop()
      await world.start()
      await gone()
      return crash.changes
    } catch (error) {
      throw new Error(`killed at change ${at}: ${(error as Error).message}`, { cause: error })
    } finally {
      await world.dispose()
    }
  }
})

/** Does the work for every item, so many at a time: most of it is waiting. */
async function atOnce<T>(width: number, items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = [...items]
  const worker = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: width }, worker))
}

/** What a removal with deletionPolicy Delete must not leave. */
async function left(world: OperatorWorld) {
  const { rows } = await world.sql.raw<{ rows: object[] }>(
    `SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema|public$)'`,
  )
  const roles = await world.sql.raw<{ rows: object[] }>(
    `SELECT FROM pg_roles WHERE rolname LIKE 'tenant\\_acme\\_%' AND pg_has_role(session_user, oid, 'MEMBER') AND rolname = 'tenant_acme_' || left(encode(sha256(convert_to(current_database(), 'UTF8')), 'hex'), 7)`,
  )
  const count = async (type: (typeof types)[keyof typeof types]) =>
    (await world.client.list(type, { namespace: world.namespace })).items.length
  return {
    schemas: rows.length,
    roles: roles.rows.length,
    collections: (await world.vectors.collections.list(world.prefix)).length,
    resources: (await count(types.pipelines)) + (await count(types.tenants)) + (await count(types.deployments)),
  }
}

const nothing = { schemas: 0, roles: 0, collections: 0, resources: 0 }

/** What there is in the three stores, with the names that differ from world to world left out. */
async function stateOf(world: OperatorWorld) {
  const names = async (type: (typeof types)[keyof typeof types]) =>
    (await world.client.list(type, { namespace: world.namespace })).items.map(({ metadata }) => metadata.name).sort()
  const rows = async (sql: string) => (await world.sql.raw<{ rows: Record<string, unknown>[] }>(sql)).rows
  const collection = await world.vectors.collections.describe(`${world.prefix}_shared`)
  return {
    secrets: await names(types.secrets),
    deployments: await names(types.deployments),
    schemas: await rows(`SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 'tenant%' OR nspname = 'selfrag' ORDER BY 1`),
    tenants: await rows('SELECT slug, status, managed_by FROM selfrag.tenants'),
    keys: await rows('SELECT name, role, expires_at IS NULL AND revoked_at IS NULL AS valid FROM selfrag.api_keys WHERE revoked_at IS NULL ORDER BY name'), // prettier-ignore
    keysInSecrets: await keysThatMatch(world),
    generations: await rows('SELECT generation, status FROM selfrag.embedding_generations'),
    collections: (await world.vectors.collections.list(world.prefix)).length,
    indexes: [...(collection?.indexes ?? [])].sort(),
  }
} // prettier-ignore

/** The key in each Secret must be the one that the database knows. */
async function keysThatMatch(world: OperatorWorld): Promise<number> {
  let matching = 0
  for (const name of ['acme-admin-key', 'acme-reader-key']) {
    const key = (await world.secret(name))?.['api-key'] ?? ''
    const { rows } = await world.sql.raw<{ rows: unknown[] }>('SELECT FROM selfrag.api_keys WHERE hash = ? AND revoked_at IS NULL', [hashApiKey(key)]) // prettier-ignore
    matching += rows.length
  }
  return matching
}

const complete = {
  secrets: ['acme-admin-key', 'acme-reader-key', 'demo-admin-token', 'demo-postgres'],
  deployments: ['demo-api', 'demo-worker'],
  schemas: [{ name: 'selfrag' }, { name: 'tenant_acme' }],
  tenants: [{ slug: 'acme', status: 'active', managed_by: 'resource' }],
  keys: [
    { name: 'admin', role: 'admin', valid: true },
    { name: 'reader', role: 'read', valid: true },
  ],
  keysInSecrets: 2,
  generations: [{ generation: 1, status: 'active' }],
  collections: 1,
  indexes: [...payloadIndexes].sort(),
}
