import { expect } from 'chai'
import { before, beforeEach, describe, it } from 'mocha'
import { hashApiKey, isApiKey, mintApiKey } from '../../../api/contract/api-key.ts'
import type { DesiredApiKey } from '../../../api/provisioning/desired.ts'
import { observeTenant } from '../../../api/provisioning/observe-tenant.ts'
import { currentKey, nextRotation } from '../../../api/provisioning/plan-keys.ts'
import { insertKey, observeKeys } from '../../../api/stores/postgres/api-keys.ts'
import { findTenantBySlug } from '../../../api/stores/postgres/tenants.ts'
import { dropProductSchemas } from '../../support/product-schemas.ts'
import {
  contextWith,
  keyNamed,
  kinds,
  MemoryVault,
  pipelineWith,
  planForTenant,
  provisionPipeline,
  provisionTenant,
  tenantOf,
} from '../../support/provisioning.ts'
import type { GetStores } from '../provisioning.ts'

const DAY = 86_400
const HOUR = 3_600

export function tenantKeysContract(get: GetStores): void {
  describe('the keys of a tenant', () => {
    const pipeline = pipelineWith('keys')
    let count = 0
    let slug: string
    let vault: MemoryVault
    let now: Date

    before(async () => {
      await dropProductSchemas(get().database)
      await provisionPipeline(get(), pipeline)
    })
    beforeEach(() => {
      slug = `keys-${++count}`
      vault = new MemoryVault()
      now = new Date('2026-01-01T00:00:00Z')
    })

    const desiredWith = (...apiKeys: DesiredApiKey[]) => tenantOf(pipeline, slug, { apiKeys })
    const context = () => contextWith(vault, () => now)
    const provision = (...keys: DesiredApiKey[]) => provisionTenant(get(), desiredWith(...keys), context())
    const pass = (seconds: number) => {
      now = new Date(now.getTime() + seconds * 1000)
    }
    const settled = async (...keys: DesiredApiKey[]) =>
      expect(await planForTenant(get(), desiredWith(...keys), context())).to.deep.equal({
        steps: [],
        obstacles: [],
        drift: [],
      })
    const secret = (name: string) => vault.secrets.get(name) ?? ''
    /** Whether a secret opens the door now. */
    const works = async (key: string) => {
      const [row] = (await observeKeys(get().database, null, [hashApiKey(key)])).hashed
      return row !== undefined && row.revoked_at === null && (row.expires_at === null || row.expires_at > now)
    }

    it('are replaced when they are old, and the old one works on for a while', async () => {
      const key = keyNamed('app', { rotateAfterSeconds: 30 * DAY, overlapSeconds: HOUR })
      await provision(key)
      const old = secret('app')
      pass(30 * DAY - 1)
      await settled(key)
      const observed = await observeTenant(get(), desiredWith(key), vault)
      expect(nextRotation(desiredWith(key), observed)).to.deep.equal(new Date('2026-01-31T00:00:00Z'))

      pass(1)
      expect(kinds(await provision(key))).to.deep.equal(['mint-key'])
      expect(secret('app')).to.not.equal(old)
      expect([await works(old), await works(secret('app'))]).to.deep.equal([true, true])
      await settled(key)
      pass(HOUR)
      expect([await works(old), await works(secret('app'))]).to.deep.equal([false, true])
      await settled(key)
    })

    it('are replaced once when the rotation crashes after the secret was written', async () => {
      const key = keyNamed('app', { rotateAfterSeconds: DAY, overlapSeconds: HOUR })
      await provision(key)
      const old = secret('app')
      pass(DAY)
      vault.secrets.set('app', mintApiKey())
      const written = secret('app')
      expect(kinds(await provision(key))).to.deep.equal(['register-key'])
      expect(secret('app')).to.equal(written)
      expect([await works(old), await works(written)]).to.deep.equal([true, true])
      pass(HOUR)
      expect([await works(old), await works(written)]).to.deep.equal([false, true])
      await settled(key)
    })

    it('are replaced once for every new value of what is asked for, and the old one works on for a while', async () => {
      const key = keyNamed('app', { overlapSeconds: HOUR })
      await provision(key)
      const first = secret('app')
      for (const value of ['2026-01-01', '2026-02-01']) {
        const old = secret('app')
        vault.rotation = value
        expect(kinds(await provision(key))).to.deep.equal(['mint-key'])
        expect(secret('app')).to.not.equal(old)
        expect([await works(old), await works(secret('app'))]).to.deep.equal([true, true])
        await settled(key)
      }
      expect(await works(first), 'its overlap has not begun anew').to.equal(true)
      pass(HOUR)
      expect([await works(first), await works(secret('app'))]).to.deep.equal([false, true])
      await settled(key)
    })

    it('are made anew when their secret was deleted, and the lost one stops working at once', async () => {
      const key = keyNamed('app')
      await provision(key)
      const lost = secret('app')
      vault.secrets.delete('app')
      expect(kinds(await provision(key))).to.deep.equal(['revoke-keys', 'mint-key'])
      expect(isApiKey(secret('app'))).to.equal(true)
      expect([await works(lost), await works(secret('app'))]).to.deep.equal([false, true])
      await settled(key)
    })

    for (const [what, value] of [
      ['no key at all', 'hunter2'],
      ['cut off', mintApiKey().slice(0, 20)],
      ['empty', ''],
    ] as const)
      it(`are made anew when the secret is ${what}`, async () => {
        const key = keyNamed('app')
        await provision(key)
        vault.secrets.set('app', value)
        expect(kinds(await provision(key))).to.deep.equal(['revoke-keys', 'mint-key'])
        expect(await works(secret('app'))).to.equal(true)
        await settled(key)
      })

    it('do not become the key of another tenant, or a revoked one, that was pasted into the secret', async () => {
      const key = keyNamed('app')
      await provision(key)
      const revoked = secret('app')
      vault.secrets.delete('app')
      await provision(key)
      vault.secrets.set('app', revoked)
      await provision(key)
      expect(secret('app')).to.not.equal(revoked)
      expect(await works(revoked)).to.equal(false)

      const other = new MemoryVault()
      await provisionTenant(
        get(),
        tenantOf(pipeline, `${slug}-other`, { apiKeys: [key] }),
        contextWith(other, () => now),
      )
      const foreign = other.secrets.get('app') ?? ''
      vault.secrets.set('app', foreign)
      await provision(key)
      expect(secret('app')).to.not.equal(foreign)
      expect(await works(foreign)).to.equal(true)
      await settled(key)
    })

    it('follow the declared role and scope, the one in its overlap too', async () => {
      const key = keyNamed('app', { role: 'admin', rotateAfterSeconds: DAY })
      await provision(key)
      const old = secret('app')
      pass(DAY)
      await provision(key)
      const weaker = { ...key, role: 'read', knowledgeBases: ['handbook'] } as const
      const plan = await provision(weaker)
      expect(plan.steps.map(step => ('changed' in step ? step.changed : step.kind))).to.deep.equal([
        ['role', 'scope_kb_ids'],
        ['role', 'scope_kb_ids'],
      ])
      const [row] = (await observeKeys(get().database, null, [hashApiKey(old)])).hashed
      expect(row?.role).to.equal('read')
      expect(row?.scope_kb_ids).to.have.length(1)
      await settled(weaker)
    })

    it('stop working when they are no longer declared; those made over HTTP stay', async () => {
      await provision(keyNamed('app'), keyNamed('other'))
      const gone = secret('app')
      const tenant = await findTenantBySlug(get().database, slug)
      const http = mintApiKey()
      await insertKey(get().database, {
        tenant_id: tenant?.id ?? '',
        name: 'made-over-http',
        prefix: 'kb_sk_http',
        hash: hashApiKey(http),
        role: 'read',
        managed_by: 'api',
      })
      expect(kinds(await provision(keyNamed('other')))).to.deep.equal(['forget-secrets', 'revoke-keys'])
      expect(vault.secrets.has('app')).to.equal(false)
      expect([await works(gone), await works(secret('other')), await works(http)]).to.deep.equal([false, true, true])
      await settled(keyNamed('other'))
    })

    it('name what is wrong with a scope, and the others are made', async () => {
      const plan = await provision(keyNamed('wrong', { knowledgeBases: ['handbok'] }), keyNamed('right'))
      expect(plan.obstacles[0]).to.include({ reason: 'Unrepairable', area: 'keys' })
      expect(plan.obstacles[0]?.message).to.include('handbok')
      expect([...vault.secrets.keys()]).to.deep.equal(['right'])
    })

    it('never stand in plans or in the audit log', async () => {
      const key = keyNamed('app')
      const plan = await provision(key)
      const observed = await observeTenant(get(), desiredWith(key), vault)
      const log: unknown[] = await get().database('audit_log').withSchema('selfrag').select('*')
      expect(JSON.stringify([plan, observed, log])).to.not.include(secret('app'))
      expect(currentKey(observed, 'app')?.prefix).to.equal(secret('app').slice(0, 12))
    })
  })
}
