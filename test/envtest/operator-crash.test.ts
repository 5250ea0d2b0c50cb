import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { hashApiKey } from '../../api/contract/api-key.ts'
import { type PlanHooks } from '../../api/provisioning/apply.ts'
import { payloadIndexes } from '../../api/stores/vectors/vector-store.ts'
import { type Transport } from '../../operator/runtime/kubernetes-transport.ts'
import { types } from '../../operator/observe/resource-types.ts'
import { orSkip } from '../support/missing-part.ts'
import { OperatorWorld } from '../support/operator-world.ts'

/**
 * Kills an operator right after its n-th change anywhere: the effect is there, but the operator has not learnt of it. From
 * then on nothing that it sends arrives.
 */
class Crash {
  changes = 0
  crashed = false
  readonly #at: number
  readonly #whenCrashed = Promise.withResolvers<void>()

  constructor(at: number) {
    this.#at = at
  }

  get happened(): Promise<void> {
    return this.#whenCrashed.promise
  }

  transport = (real: Transport): Transport => {
    return async request => {
      this.#refuseIfDead()
      const response = await real(request)
      const counts = request.method !== 'GET' && !request.path.includes('/events')
      if (counts) this.#changed()
      return response
    }
  }

  hooks: PlanHooks = {
    beforeStep: () => this.#refuseIfDead(),
    onStep: () => this.#changed(),
  }

  #changed(): void {
    this.changes++
    if (this.changes === this.#at) {
      this.crashed = true
      this.#whenCrashed.resolve()
    }
    this.#refuseIfDead()
  }

  #refuseIfDead(): void {
    if (this.crashed) throw new Error('the operator is dead')
  }
}

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

  // All points are tried; they are spread over a few tests so that a failure tells roughly where.
  const parts = 4
  for (let part = 0; part < parts; part++) {
    it(`and started again reaches the same state, without duplicates (points ${part + 1}, ${part + 1 + parts}, …)`, async function () {
      this.timeout(120_000)
      for (let at = part + 1; at <= changes; at += parts) await killAt(at)
    })
  }

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
})

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
