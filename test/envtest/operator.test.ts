import { AppsV1Api, EventsV1Api } from '@kubernetes/client-node'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { parseOwner } from '../../api/contract/ownership.ts'
import { type RunningOperator } from '../../operator/operator.ts'
import { types } from '../../operator/observe/resource-types.ts'
import { eventually } from '../support/eventually.ts'
import { orSkip } from '../support/missing-part.ts'
import { conditionOf, OperatorWorld, present } from '../support/operator-world.ts'
import { moreReconciles } from '../support/reconcile-counts.ts'

const conditions = {
  RagPipeline: ['DatabaseReady', 'VectorStoreReady', 'ModelsReady', 'APIAvailable', 'WorkerAvailable'],
  RagTenant: ['SchemaReady', 'CollectionReady', 'KnowledgeBasesReady', 'KeysReady', 'IsolationVerified'],
}

describe('the operator', function () {
  this.timeout(60_000)
  let world: OperatorWorld
  let operator: RunningOperator

  before(async function () {
    this.timeout(900_000)
    world = await orSkip(this, OperatorWorld.make())
    operator = await world.start({ env: { RESYNC_SECONDS: '1' } })
    await world.applySamples()
    await world.becomesReady()
  })

  after(async () => {
    await world?.dispose()
  })

  const deployment = (name: string) => world.client.get(types.deployments, { namespace: world.namespace, name })
  const imageOf = async (name: string) => {
    const live = present(await deployment(name), name) as unknown as { spec: { template: { spec: { containers: { image: string }[] } } } } // prettier-ignore
    return live.spec.template.spec.containers[0]?.image
  }
  /** As `kubectl set image` does. */
  const setImage = async (name: string, image: string) => {
    const path = '/spec/template/spec/containers/0/image'
    const api = world.server.kubeConfig().makeApiClient(AppsV1Api)
    await api.patchNamespacedDeployment({
      namespace: world.namespace,
      name,
      body: [{ op: 'replace', path, value: image }],
    })
  }
  const setDriftPolicy = async (driftPolicy: string) => {
    await world.client.mergePatch(types.pipelines, (await world.pipeline()).metadata, { spec: { driftPolicy } })
    await world.becomesReady()
  }
  const events = async (reason: string) => {
    const { items } = await world.server
      .kubeConfig()
      .makeApiClient(EventsV1Api)
      .listNamespacedEvent({ namespace: world.namespace })
    return items.filter(event => event.reason === reason).map(({ note = '' }) => note)
  }

  describe('brings the samples to Ready', () => {
    it('with every condition true, about this generation, in words that the CRD takes', async () => {
      for (const resource of [await world.pipeline(), await world.tenant()]) {
        for (const type of ['Ready', ...conditions[resource.kind]])
          expect(conditionOf(resource, type), `${resource.kind} ${type}`).to.include({
            status: 'True',
            observedGeneration: 1,
          })
        for (const type of ['Progressing', 'Degraded'])
          expect(conditionOf(resource, type), `${resource.kind} ${type}`).to.include({
            status: 'False',
            reason: 'AsDesired',
          })
      }
    })

    it('with a status that tells where everything is', async () => {
      const { status } = await world.pipeline()
      expect(status).to.include({ url: `http://demo-api.${world.namespace}.svc:8020`, tenants: 1 })
      expect(status?.embedding).to.include({ model: 'bge-small-en-v1.5', dimension: 384, collection: `${world.prefix}_shared` }) // prettier-ignore
      expect(status?.embedding?.fingerprint).to.match(/^[0-9a-f]{16}$/)
      const tenant = await world.tenant()
      expect(tenant.status).to.include({ schema: 'tenant_acme', collection: `${world.prefix}_shared` })
      expect(tenant.status?.usage).to.deep.equal({ knowledgeBases: 1, documents: 0, chunks: 0, storageMb: 0 })
      expect(tenant.status?.keys?.map(({ name, secretName }) => [name, secretName])).to.deep.equal([
        ['admin', 'acme-admin-key'],
        ['reader', 'acme-reader-key'],
      ])
    })

    it('with keys in Secrets whose hashes are in the database, and the URL beside them', async () => {
      const secret = await world.secret('acme-admin-key')
      expect(secret?.['api-key']).to.match(/^kb_sk_[A-Za-z0-9_-]{43}$/)
      expect(secret?.['url']).to.equal(`http://demo-api.${world.namespace}.svc:8020`)
      const keys = await world.sql('selfrag.api_keys').select('name', 'role', 'managed_by').orderBy('name')
      expect(keys).to.deep.equal([
        { name: 'admin', role: 'admin', managed_by: 'resource' },
        { name: 'reader', role: 'read', managed_by: 'resource' },
      ])
      const status = JSON.stringify([(await world.pipeline()).status, (await world.tenant()).status])
      expect(status).not.to.contain(secret?.['api-key'])
      expect(world.logs.join(''), 'no secret in a log').not.to.contain(secret?.['api-key'])
    })

    it('with markers that tell whose schemas and collections these are', async () => {
      const comment = async (schema: string) =>
        (await world.sql.raw<{ rows: { comment: string }[] }>(`SELECT obj_description(oid, 'pg_namespace') AS comment FROM pg_namespace WHERE nspname = ?`, [schema])).rows[0]?.comment // prettier-ignore
      const [pipeline, tenant] = [await world.pipeline(), await world.tenant()]
      expect(parseOwner(await comment('selfrag'))?.uid).to.equal(pipeline.metadata.uid)
      expect(parseOwner(await comment('tenant_acme'))?.uid).to.equal(tenant.metadata.uid)
      const collection = await world.vectors.collections.describe(`${world.prefix}_shared`)
      expect(collection?.owner?.uid).to.equal(pipeline.metadata.uid)
    })

    it('with an admin token that is minted once', async () => {
      expect((await world.secret('demo-admin-token'))?.['token']).to.have.length.greaterThan(30)
    })
  })

  it('writes nothing, nowhere, when it reconciles what is as desired', async () => {
    await moreReconciles(operator, 2)
    const counts = async () => ({
      kubernetes: (await world.clusterWrites()).length,
      postgres: world.databaseWrites.length,
      qdrant: world.qdrant.writes.length,
    })
    const before = await counts()
    expect(before.kubernetes, 'the counting works').to.be.greaterThan(10)
    expect(before.postgres).to.be.greaterThan(10)
    expect(before.qdrant).to.be.greaterThan(4)
    await moreReconciles(operator, 5)
    expect(await counts()).to.deep.equal(before)
  })

  describe('repairs drift under driftPolicy Enforce', () => {
    it('in a Deployment', async () => {
      await setImage('demo-api', 'evil:1')
      await eventually(async () => expect(await imageOf('demo-api')).to.equal('selfrag-api:test'))
      await eventually(async () => expect((await events('DriftRepaired')).join()).to.contain('containers[api].image was evil:1'))
    }) // prettier-ignore

    it('that deleted a Deployment', async () => {
      const before = await deployment('demo-worker')
      await world.client.delete(types.deployments, { namespace: world.namespace, name: 'demo-worker' })
      await eventually(async () => {
        const now = await deployment('demo-worker')
        expect(now?.metadata.uid).to.be.a('string').and.not.equal(before?.metadata.uid)
      })
      await world.becomesReady()
      expect((await world.pipeline()).status).not.to.have.property('drift')
    })

    it('in a payload index of the vector store', async () => {
      const response = await fetch(`${world.qdrant.url}/collections/${world.prefix}_shared_g1/index/tenant_id?wait=true`, { method: 'DELETE' }) // prettier-ignore
      expect(response.status).to.equal(200)
      await eventually(async () => {
        const state = await world.vectors.collections.describe(`${world.prefix}_shared`)
        expect(state?.indexes).to.include('tenant_id')
      })
      await eventually(async () => expect((await events('DriftRepaired')).join()).to.contain('payload index tenant_id'))
    })

    it("in the grant of a tenant's role", async () => {
      const [row] = (await world.sql.raw<{ rows: { role: string; login: string }[] }>(`SELECT nspowner::regrole::text AS role, session_user AS login FROM pg_namespace WHERE nspname = 'tenant_acme'`)).rows // prettier-ignore
      const { role, login } = present(row ?? null, 'the role')
      const granted = async () =>
        (await world.sql.raw<{ rows: { granted: boolean }[] }>(`SELECT pg_has_role(session_user, ?, 'SET') AS granted`, [role])).rows[0]?.granted // prettier-ignore
      expect(await granted()).to.equal(true)
      await world.sql.raw(`REVOKE SET OPTION FOR ${role} FROM ${login}`)
      expect(await granted()).to.equal(false)
      await eventually(async () => expect(await granted()).to.equal(true))
      await world.becomesReady()
    })

    it('in a role that was given rights', async () => {
      const role = (await world.sql.raw<{ rows: { role: string }[] }>(`SELECT nspowner::regrole::text AS role FROM pg_namespace WHERE nspname = 'tenant_acme'`)).rows[0]?.role // prettier-ignore
      await world.sql.raw(`ALTER ROLE ${role} LOGIN`)
      await eventually(async () => {
        const { rows } = await world.sql.raw<{ rows: { rolcanlogin: boolean }[] }>('SELECT rolcanlogin FROM pg_roles WHERE rolname = ?', [role ?? '']) // prettier-ignore
        expect(rows[0]?.rolcanlogin).to.equal(false)
      })
    })
  })

  describe('leaves drift alone', () => {
    after(() => setDriftPolicy('Enforce'))

    it('and tells of it under driftPolicy Warn', async () => {
      await setDriftPolicy('Warn')
      await setImage('demo-api', 'canary:1')
      await eventually(async () => {
        const pipeline = await world.pipeline()
        expect(pipeline.status?.drift?.map(({ object, field, found }) => [object, field, found])).to.deep.include([
          'Deployment/demo-api',
          'spec.template.spec.containers[api].image',
          'canary:1',
        ])
        expect(conditionOf(pipeline, 'Degraded')).to.include({ status: 'True', reason: 'DriftFound' })
      })
      await fetch(`${world.qdrant.url}/collections/${world.prefix}_shared_g1/index/kb_id?wait=true`, {
        method: 'DELETE',
      })
      await eventually(async () => {
        expect((await world.pipeline()).status?.drift?.map(({ field }) => field)).to.include('payload index kb_id')
      })
      await moreReconciles(operator, 2)
      expect(await imageOf('demo-api')).to.equal('canary:1')
      expect((await world.vectors.collections.describe(`${world.prefix}_shared`))?.indexes).not.to.include('kb_id')
      const told = (await events('DriftFound')).join()
      expect(told).to.contain('image was canary:1')
      expect(told).to.contain('payload index kb_id was missing')
    })

    it('and repairs it when the policy becomes Enforce again', async () => {
      await setDriftPolicy('Enforce')
      await eventually(async () => expect(await imageOf('demo-api')).to.equal('selfrag-api:test'))
      await eventually(async () => expect((await world.pipeline()).status).not.to.have.property('drift'))
    })

    it('without a word under driftPolicy Ignore', async () => {
      await setDriftPolicy('Ignore')
      await world.client.delete(types.deployments, { namespace: world.namespace, name: 'demo-worker' })
      await eventually(async () => {
        expect(conditionOf(await world.pipeline(), 'WorkerAvailable')).to.include({
          status: 'False',
          reason: 'Drifted',
        })
      })
      await moreReconciles(operator, 2)
      expect(await deployment('demo-worker')).to.equal(null)
      expect((await world.pipeline()).status).not.to.have.property('drift')
    })
  })

  it('answers for its health and tells what it does', async () => {
    const url = `http://127.0.0.1:${operator.healthPort}`
    expect((await fetch(`${url}/healthz`)).status).to.equal(200)
    expect((await fetch(`${url}/readyz`)).status).to.equal(200)
    const metrics = await (await fetch(`${url}/metrics`)).text()
    expect(metrics).to.contain('selfrag_operator_leader 1')
    expect(metrics).to.contain('selfrag_operator_resources{kind="RagTenant",ready="True"} 1')
    expect(metrics).to.contain('selfrag_operator_steps_total{kind="create-tenant"} 1')
    const acme = `kind="RagTenant",namespace="${world.namespace}",name="acme"`
    expect(metrics).to.contain(`selfrag_operator_condition{${acme},condition="SchemaReady",status="True"} 1`)
    expect(metrics).to.match(/^selfrag_operator_kubernetes_requests_total\{verb="patch",resource="ragtenants\/status",code="200"\} [1-9]/m) // prettier-ignore
    expect(metrics).to.contain('selfrag_operator_informer_objects{kind="RagTenant"} 1')
    expect(metrics).to.contain('selfrag_operator_queue_longest_wait_seconds{controller="tenant"}')
  })
})
