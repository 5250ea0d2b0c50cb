import { expect } from 'chai'
import { beforeEach, describe, it } from 'mocha'
import { hashApiKey } from '../../api/contract/api-key.ts'
import { applyPlan } from '../../api/provisioning/apply.ts'
import { type DesiredTenant, noVault } from '../../api/provisioning/desired.ts'
import { desiredTenant } from '../../api/provisioning/from-resource.ts'
import { observeTenant } from '../../api/provisioning/observe-tenant.ts'
import { planTenant } from '../../api/provisioning/plan-tenant.ts'
import { types } from '../../operator/observe/resource-types.ts'
import { type Tenant } from '../../operator/observe/resources.ts'
import { makeNamespace } from '../support/cluster-objects.ts'
import { eventually } from '../support/eventually.ts'
import { conditionOf, type OperatorWorld, present } from '../support/operator-world.ts'
import { inOwnWorlds } from '../support/own-worlds.ts'
import { pipelineManifest, tenantManifest } from '../support/sample-resources.ts'

describe('an operator among faults', function () {
  this.timeout(60_000)
  let world: OperatorWorld

  inOwnWorlds(own => (world = own))

  const start = () => world.start({ env: { RESYNC_SECONDS: '1' } })
  const removeSecret = (name: string) => world.client.delete(types.secrets, { namespace: world.namespace, name })
  const tenantIs = (type: string, expected: object, name = 'acme') =>
    eventually(async () => expect(conditionOf(await world.tenant(name), type)).to.include(expected))

  it('names a Secret that is missing, makes no storm of it, and goes on as soon as the Secret appears', async () => {
    await world.start()
    await world.applySamples()
    await removeSecret('demo-postgres')
    // Provisioning may have begun before; a Secret that vanishes is the same to a reader.
    await eventually(async () => {
      const ready = conditionOf(await world.pipeline(), 'Ready')
      expect(ready).to.include({ status: 'False', reason: 'SecretMissing' })
      expect(ready?.message).to.contain(`Secret ${world.namespace}/demo-postgres does not exist; create it`)
    })
    const before = world.logs.filter(line => line.includes('reconcile failed')).length
    await world.createSecret()
    await world.becomesReady()
    expect(world.logs.filter(line => line.includes('reconcile failed')).length - before).to.equal(0)
  })

  it('names a key that a Secret lacks', async () => {
    await start()
    await world.applySamples()
    const data = { url: null, other: Buffer.from('x').toString('base64') }
    await world.client.mergePatch(types.secrets, { namespace: world.namespace, name: 'demo-postgres' }, { data })
    await eventually(async () => {
      const ready = conditionOf(await world.pipeline(), 'DatabaseReady')
      expect(ready).to.include({ status: 'False', reason: 'SecretKeyMissing' })
      expect(ready?.message).to.contain('no value under the key url')
    })
    const url = Buffer.from(world.database.url).toString('base64')
    await world.client.mergePatch(
      types.secrets,
      { namespace: world.namespace, name: 'demo-postgres' },
      { data: { url } },
    )
    await world.becomesReady()
  })

  it('tells a wrong password and an address that is none, without repeating them', async () => {
    await start()
    await world.applySamples()
    await world.becomesReady()
    const wrong = new URL(world.database.url)
    wrong.password = 'hunter2-wrong'
    for (const [url, reason] of [
      [wrong.href, 'AccessRefused'],
      ['not a url hunter2-wrong', 'InvalidAddress'],
    ] as const) {
      const data = { url: Buffer.from(url).toString('base64') }
      await world.client.mergePatch(types.secrets, { namespace: world.namespace, name: 'demo-postgres' }, { data })
      await eventually(async () => {
        expect(conditionOf(await world.pipeline(), 'DatabaseReady')).to.include({ status: 'False', reason })
      })
    }
    expect(JSON.stringify((await world.pipeline()).status)).not.to.contain('hunter2')
    expect(world.logs.join('')).not.to.contain('hunter2')
    const url = Buffer.from(world.database.url).toString('base64')
    await world.client.mergePatch(
      types.secrets,
      { namespace: world.namespace, name: 'demo-postgres' },
      { data: { url } },
    )
    await eventually(async () => {
      expect(conditionOf(await world.pipeline(), 'DatabaseReady')).to.include({ status: 'True' })
    })
    await world.becomesReady()
  })

  it('notices a changed Secret: pods roll, and the stores are opened anew', async () => {
    await world.start()
    await world.applySamples()
    await world.becomesReady()
    const checksum = async () => {
      const live = await world.client.get(types.deployments, { namespace: world.namespace, name: 'demo-api' })
      const { spec } = present(live, 'demo-api') as unknown as { spec: { template: { metadata: { annotations: Record<string, string> } } } } // prettier-ignore
      return spec.template.metadata.annotations['selfrag.io/secrets-checksum']
    }
    const before = await checksum()
    const url = new URL(world.database.url)
    url.searchParams.set('sslmode', 'disable')
    const data = { url: Buffer.from(url.href).toString('base64') }
    await world.client.mergePatch(types.secrets, { namespace: world.namespace, name: 'demo-postgres' }, { data })
    await eventually(async () => expect(await checksum()).not.to.equal(before))
    await world.becomesReady()
  })

  it('mints a key again whose Secret was deleted, and the old key dies', async () => {
    await world.start()
    await world.applySamples()
    await world.becomesReady()
    const old = present(await world.secret('acme-reader-key'), 'the Secret')['api-key'] ?? ''
    await removeSecret('acme-reader-key')
    await eventually(async () => {
      const now = (await world.secret('acme-reader-key'))?.['api-key'] ?? ''
      expect(now)
        .to.match(/^kb_sk_/)
        .and.not.equal(old)
      const alive = await world.sql('selfrag.api_keys').whereNull('revoked_at').pluck<string[]>('hash')
      expect(alive).to.include(hashApiKey(now))
      expect(alive).not.to.include(hashApiKey(old))
    })
  })

  it('does not touch a Secret that somebody else made, and goes on when it is gone', async () => {
    const data = { theirs: Buffer.from('precious').toString('base64') }
    await world.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'acme-admin-key' }, data })
    await world.start()
    await world.applySamples()
    await tenantIs('KeysReady', { status: 'False', reason: 'Conflict' })
    expect(conditionOf(await world.tenant(), 'KeysReady')?.message).to.contain('acme-admin-key exists already')
    expect(await world.secret('acme-admin-key')).to.deep.equal({ theirs: 'precious' })
    expect(await world.secret('acme-reader-key'), 'the other key').to.have.property('api-key')
    await removeSecret('acme-admin-key')
    await world.becomesReady()
  })

  it('does not touch a Deployment that somebody else made', async () => {
    await world.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'demo-api' },
      spec: {
        selector: { matchLabels: { app: 'theirs' } },
        template: {
          metadata: { labels: { app: 'theirs' } },
          spec: { containers: [{ name: 'theirs', image: 'theirs:1' }] },
        },
      },
    })
    await start()
    await world.applySamples()
    await eventually(async () => {
      expect(conditionOf(await world.pipeline(), 'Ready')).to.include({ status: 'False', reason: 'Conflict' })
    })
    const live = await world.client.get(types.deployments, { namespace: world.namespace, name: 'demo-api' })
    expect(JSON.stringify(live)).to.contain('theirs:1').and.not.contain('selfrag-api:test')
  })

  it('waits for a Qdrant that is away, and goes on by itself', async () => {
    await start()
    world.qdrant.broken = true
    await world.applySamples()
    await eventually(async () => {
      const condition = conditionOf(await world.pipeline(), 'VectorStoreReady')
      expect(condition).to.include({ status: 'False', reason: 'Unreachable' })
    }, 20_000)
    world.qdrant.broken = false
    await world.becomesReady(30_000)
  })

  it('does not share the database of another pipeline', async () => {
    await start()
    await world.applySamples()
    await world.becomesReady()
    const { spec } = await world.pipeline()
    const vectors = { ...spec.vectors, collectionPrefix: `${world.prefix}second` }
    await world.create({ ...pipelineManifest({ ...spec, vectors }, 'second') })
    await eventually(async () => {
      const ready = conditionOf(await world.pipeline('second'), 'Ready')
      expect(ready).to.include({ status: 'False', reason: 'Conflict' })
      expect(ready?.message).to.contain(`belongs to RagPipeline/${world.namespace}/demo`)
    })
    expect(conditionOf(await world.pipeline(), 'Ready')?.status).to.equal('True')
    expect(await world.vectors.collections.list(`${world.prefix}second`)).to.deep.equal([])
  })

  it('says that a tenant has no pipeline, and provisions it when there is one', async () => {
    await world.start()
    await world.create(tenantManifest({}, 'early'))
    await tenantIs('Ready', { status: 'False', reason: 'PipelineNotFound' }, 'early')
    await world.applySamples()
    await tenantIs('Ready', { status: 'True' }, 'early')
  })

  it('leaves a tenant that HTTP made alone until the resource adopts it', async () => {
    await world.start()
    await world.applySamples()
    await world.becomesReady()
    await makeOverHttp('byhttp')
    await world.create(tenantManifest({ displayName: 'Taken' }, 'byhttp'))
    await tenantIs('Ready', { status: 'False', reason: 'Conflict' }, 'byhttp')
    expect(conditionOf(await world.tenant('byhttp'), 'Ready')?.message).to.contain('selfrag.io/adopt')
    const name = () => world.sql('selfrag.tenants').where({ slug: 'byhttp' }).pluck<string[]>('display_name')
    expect(await name()).to.deep.equal(['Made over HTTP'])
    const annotations = { 'selfrag.io/adopt': 'true' }
    await world.client.mergePatch(
      types.tenants,
      { namespace: world.namespace, name: 'byhttp' },
      { metadata: { annotations } },
    )
    await tenantIs('Ready', { status: 'True' }, 'byhttp')
    expect(await name()).to.deep.equal(['Taken'])
  })

  describe('with two RagTenants for one schema', () => {
    let other: string

    beforeEach(async () => {
      other = await makeNamespace(world.server.kubeConfig(), 'other')
    })

    it('gives it to the older one; the newer is a Conflict until the older is gone', async () => {
      const env = { WATCH_NAMESPACES: `${world.namespace},${other}` }
      await world.applySamples(pipeline => {
        Object.assign((pipeline as unknown as { spec: object }).spec, { allowedTenantNamespaces: [other] })
      })
      await pastASecond()
      const manifest = tenantManifest({ pipelineRef: { name: 'demo', namespace: world.namespace } })
      await world.client.create(types.tenants, { ...manifest, metadata: { ...manifest.metadata, namespace: other } })
      // Both are there before the operator sees either, so that it is age that decides.
      await world.start({ env })
      const newer = async () =>
        present(await world.client.get<Tenant>(types.tenants, { namespace: other, name: 'acme' }), 'it')
      await world.becomesReady()
      await eventually(async () => {
        const ready = conditionOf(await newer(), 'Ready')
        expect(ready).to.include({ status: 'False', reason: 'Conflict' })
        expect(ready?.message).to.contain(`RagTenant ${world.namespace}/acme is older`)
      })
      const patch = { spec: { deletionPolicy: 'Delete' } }
      await world.client.mergePatch(types.tenants, (await world.tenant()).metadata, patch)
      await world.client.delete(types.tenants, (await world.tenant()).metadata)
      await eventually(async () => expect(conditionOf(await newer(), 'Ready')?.status).to.equal('True'))
    })
  })

  /** As POST /admin/tenants does. */
  async function makeOverHttp(slug: string): Promise<void> {
    const stores = { database: world.sql, vectors: world.vectors }
    const desired: DesiredTenant = {
      ...desiredTenant(await world.tenant(), await world.pipeline(), 'api'),
      slug,
      displayName: 'Made over HTTP',
      managedBy: 'api',
      owner: { cluster: 'api', uid: slug },
      knowledgeBases: [],
      apiKeys: [],
    }
    const context = { vault: noVault, now: () => new Date(), actor: { type: 'admin', name: null } } as const
    for (let round = 0; round < 3; round++) {
      await applyPlan(stores, planTenant(desired, await observeTenant(stores, desired, noVault), new Date()), context)
    }
  }

  /** Creation times have whole seconds. */
  async function pastASecond(): Promise<void> {
    const { creationTimestamp } = (await world.tenant()).metadata
    await eventually(() => expect(Date.now()).to.be.greaterThan(Date.parse(creationTimestamp) + 1000))
  }
})
