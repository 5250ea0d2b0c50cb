import { expect } from 'chai'
import { beforeEach, describe, it } from 'mocha'
import { hashApiKey } from '../../api/contract/api-key.ts'
import { types } from '../../operator/observe/resource-types.ts'
import { eventually } from '../support/eventually.ts'
import { conditionOf, type OperatorWorld, present } from '../support/operator-world.ts'
import { inOwnWorlds } from '../support/own-worlds.ts'

describe('the life of a pipeline and its tenant', function () {
  this.timeout(60_000)
  let world: OperatorWorld

  inOwnWorlds(own => (world = own))
  beforeEach(async () => {
    await world.start({ env: { RESYNC_SECONDS: '1' } })
    await world.applySamples()
    await world.becomesReady()
  })

  const schemas = async () =>
    (await world.sql.raw<{ rows: { name: string }[] }>(`SELECT nspname AS name FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema|public$)' ORDER BY 1`)).rows.map(({ name }) => name) // prettier-ignore
  const remove = async (kind: 'pipeline' | 'tenant') => {
    const resource = kind === 'pipeline' ? await world.pipeline() : await world.tenant()
    await world.client.delete(kind === 'pipeline' ? types.pipelines : types.tenants, resource.metadata)
  }
  const isGone = (type: (typeof types)['pipelines' | 'tenants'], name: string) =>
    eventually(async () => expect(await world.client.get(type, { namespace: world.namespace, name })).to.equal(null))
  const patchSpec = async (kind: 'pipeline' | 'tenant', spec: object) => {
    const resource = kind === 'pipeline' ? await world.pipeline() : await world.tenant()
    await world.client.mergePatch(kind === 'pipeline' ? types.pipelines : types.tenants, resource.metadata, { spec })
  }

  it('a pipeline that is deleted waits for its tenants, and says for which', async () => {
    await remove('pipeline')
    await eventually(async () => {
      const ready = conditionOf(await world.pipeline(), 'Ready')
      expect(ready).to.include({ status: 'False', reason: 'TenantsLeft' })
      expect(ready?.message).to.contain(`${world.namespace}/acme`)
    })
    await remove('tenant')
    await isGone(types.tenants, 'acme')
    await isGone(types.pipelines, 'demo')
  })

  it('Retain keeps all data, and the same resources created anew take it up again', async () => {
    await world.sql('selfrag.tenants').update({ settings: { kept: true } })
    await remove('tenant')
    await isGone(types.tenants, 'acme')
    await remove('pipeline')
    await isGone(types.pipelines, 'demo')
    expect(await schemas()).to.deep.equal(['selfrag', 'tenant_acme'])
    expect(await world.vectors.collections.list(world.prefix)).to.have.length(1)
    await eventually(async () => expect(await world.secret('acme-admin-key')).to.equal(null))

    await world.client.delete(types.secrets, { namespace: world.namespace, name: 'demo-postgres' })
    await world.applySamples()
    await world.becomesReady()
    const rows = await world.sql('selfrag.tenants').select('slug', 'status', 'settings')
    expect(rows).to.deep.equal([{ slug: 'acme', status: 'active', settings: { kept: true } }])
    expect(await world.secret('acme-admin-key')).to.have.property('api-key')
  })

  it('Delete removes schema, role, rows and Secrets, and says how much that was', async () => {
    await patchSpec('tenant', { deletionPolicy: 'Delete' })
    await remove('tenant')
    await isGone(types.tenants, 'acme')
    expect(await schemas()).to.deep.equal(['selfrag'])
    expect(await world.sql('selfrag.tenants')).to.deep.equal([])
    expect(await world.sql('selfrag.api_keys')).to.deep.equal([])
    expect(await world.secret('acme-admin-key')).to.equal(null)
    await patchSpec('pipeline', { deletionPolicy: 'Delete' })
    await remove('pipeline')
    await isGone(types.pipelines, 'demo')
    expect(await schemas()).to.deep.equal([])
    expect(await world.vectors.collections.list(world.prefix)).to.deep.equal([])
  })

  it('Snapshot keeps the rows in an archive', async () => {
    await patchSpec('tenant', { deletionPolicy: 'Snapshot' })
    await remove('tenant')
    await isGone(types.tenants, 'acme')
    const archive = (await schemas()).filter(name => name !== 'selfrag')
    expect(archive).to.have.length(1)
    expect(archive[0]).to.not.equal('tenant_acme')
    expect(
      await world
        .sql('knowledge_bases')
        .withSchema(archive[0] ?? '')
        .pluck<string[]>('name'),
    ).to.deep.equal(['handbook'])
  })

  it('a deleted tenant waits while its database is away, and goes when it is back', async () => {
    await patchSpec('tenant', { deletionPolicy: 'Delete' })
    const elsewhere = new URL(world.database.url)
    elsewhere.port = '1'
    await setUrl(elsewhere.href)
    await eventually(async () => {
      expect(conditionOf(await world.pipeline(), 'DatabaseReady')).to.include({
        status: 'False',
        reason: 'Unreachable',
      })
    })
    await remove('tenant')
    await eventually(async () => {
      expect(conditionOf(await world.tenant(), 'Ready')?.message).to.contain('it is being deleted')
    })
    await setUrl(world.database.url)
    await isGone(types.tenants, 'acme')
    expect(await schemas()).to.deep.equal(['selfrag'])
  })

  it('a suspended pipeline is left as it is', async () => {
    await patchSpec('pipeline', { suspend: true })
    await eventually(async () => {
      expect(conditionOf(await world.pipeline(), 'Progressing')).to.include({ status: 'False', reason: 'Suspended' })
    })
    await patchSpec('pipeline', { api: { replicas: 3 } })
    const replicas = async () => {
      const live = await world.client.get(types.deployments, { namespace: world.namespace, name: 'demo-api' })
      return (present(live, 'demo-api') as unknown as { spec: { replicas: number } }).spec.replicas
    }
    await eventually(async () => {
      const { metadata, status } = await world.pipeline()
      expect(status?.conditions?.find(({ type }) => type === 'Progressing')?.observedGeneration).to.equal(
        metadata.generation,
      )
    })
    expect(await replicas()).to.equal(1)
    await eventually(async () => {
      const tenant = await world.tenant()
      expect(conditionOf(tenant, 'Progressing')).to.include({ reason: 'Suspended' })
      expect(conditionOf(tenant, 'Ready'), 'what was provisioned works on').to.include({ status: 'True' })
    })
    await patchSpec('pipeline', { suspend: false })
    await eventually(async () => expect(await replicas()).to.equal(3))
  })

  it('a key that is old enough is replaced; the old one works on for a while', async () => {
    const before = (await world.secret('acme-reader-key'))?.['api-key'] ?? ''
    const admin = await world.secret('acme-admin-key')
    await world.stopOperators()
    // The sample rotates it after 30 days.
    await world.start({ now: () => new Date(Date.now() + 31 * 86_400_000) })
    await eventually(async () => {
      const now = (await world.secret('acme-reader-key'))?.['api-key'] ?? ''
      expect(now).to.match(/^kb_sk_/)
      expect(now).not.to.equal(before)
    })
    await eventually(async () => {
      const rows = await world.sql('selfrag.api_keys').where({ name: 'reader' }).whereNull('revoked_at')
      expect(rows).to.have.length(2)
      const old = rows.find(({ hash }: { hash: string }) => hash === hashApiKey(before)) as { expires_at: Date }
      expect(old.expires_at.getTime() - Date.now()).to.be.within(31 * 86_400_000 - 60_000, 32 * 86_400_000 + 60_000)
    })
    expect(await world.secret('acme-admin-key'), 'it has no rotateAfter').to.deep.equal(admin)
  })

  async function setUrl(url: string): Promise<void> {
    const data = { url: Buffer.from(url).toString('base64') }
    await world.client.mergePatch(types.secrets, { namespace: world.namespace, name: 'demo-postgres' }, { data })
  }
})
