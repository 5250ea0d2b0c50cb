import { EventsV1Api } from '@kubernetes/client-node'
import { expect } from 'chai'
import { after, afterEach, before, beforeEach, describe, it } from 'mocha'
import { mintApiKey } from '../../api/contract/api-key.ts'
import { types } from '../../operator/observe/resource-types.ts'
import { type Tenant } from '../../operator/observe/resources.ts'
import { type RunningOperator } from '../../operator/operator.ts'
import { ok, startApi, type TestApi, untilReady } from '../support/api.ts'
import { type Answer } from '../support/api-client.ts'
import { makeNamespace } from '../support/cluster-objects.ts'
import { eventually } from '../support/eventually.ts'
import { orSkip } from '../support/missing-part.ts'
import { type ModelServer, startModelServer } from '../support/model-server.ts'
import { conditionOf, OperatorWorld, present } from '../support/operator-world.ts'
import { reconcileCounts } from '../support/reconcile-counts.ts'
import { tenantManifest } from '../support/sample-resources.ts'

/** What DESIGN promises of suspension, quotas and revocation. */
const BOUND_MS = 5000

describe('what a RagTenant says, as its applications notice it over HTTP', function () {
  this.timeout(60_000)
  let world: OperatorWorld
  let operator: RunningOperator
  let api: TestApi
  /** How far the API's clock is ahead. */
  let aheadMs = 0
  let other: string
  let model: ModelServer

  before(async function () {
    this.timeout(900_000)
    world = await orSkip(this, OperatorWorld.make())
    other = await makeNamespace(world.server.kubeConfig(), 'other')
    operator = await world.start({ env: { WATCH_NAMESPACES: `${world.namespace},${other}` } })
    await world.applySamples()
    await world.becomesReady()
    const on = { database: world.database, collectionPrefix: world.prefix }
    model = await startModelServer({ reply: () => 'The tea is kept in the kitchen. [1]' })
    const environment = { LLM_PROVIDER: 'openai', LLM_MODEL: 'usual', LLM_CHOICES: 'openai:other', OPENAI_BASE_URL: model.openAiUrl } // prettier-ignore
    api = await orSkip(
      this,
      startApi({ on, environment, embedding: 'local', now: () => new Date(Date.now() + aheadMs) }),
    )
  })

  after(async () => {
    await api?.stop()
    await model?.close()
    await world?.dispose()
  })

  afterEach(() => {
    aheadMs = 0
  })

  const key = async (name = 'acme-admin-key') => (await world.secret(name))?.['api-key'] ?? ''
  const ask = (secret: string) => api.as(secret).get('/v1/knowledge-bases')
  const patchTenant = async (patch: object) => world.client.mergePatch(types.tenants, (await world.tenant()).metadata, patch) // prettier-ignore
  const patchPipeline = async (spec: object) => world.client.mergePatch(types.pipelines, (await world.pipeline()).metadata, { spec }) // prettier-ignore
  const patchSecret = (name: string, patch: object) =>
    world.client.mergePatch(types.secrets, { namespace: world.namespace, name }, patch)
  const removeSecret = (name: string) => world.client.delete(types.secrets, { namespace: world.namespace, name })

  /** Asks until the answer is as expected; fails when that takes longer than is promised. */
  async function soon(request: () => Promise<Answer>, expected: { status: number; code?: string }): Promise<Answer> {
    const began = performance.now()
    const answer = await eventually(async () => {
      const got = await request()
      expect({ status: got.status, ...(expected.code ? { code: got.body?.code } : {}) }).to.deep.equal(expected)
      return got
    }, BOUND_MS)
    expect(performance.now() - began).to.be.below(BOUND_MS)
    return answer
  }

  describe('suspension and quotas', () => {
    it('refuse the keys of a suspended tenant, and take them again', async () => {
      const admin = await key()
      ok(await ask(admin))
      await patchTenant({ spec: { suspended: true } })
      await soon(() => ask(admin), { status: 403, code: 'TENANT_DISABLED' })
      await patchTenant({ spec: { suspended: false } })
      await soon(() => ask(admin), { status: 200 })
    })

    it('change how much there may be', async () => {
      const client = api.as(await key())
      const make = () => client.post('/v1/knowledge-bases', { name: 'one-more' })
      await patchTenant({ spec: { quotas: { knowledgeBases: 1 } } })
      await soon(() => client.post('/v1/knowledge-bases', { name: '' }), { status: 400 })
      await soon(
        async () => {
          const made = await make()
          if (made.status === 201) await client.delete(`/v1/knowledge-bases/${made.body.id}`)
          return made
        },
        { status: 403, code: 'QUOTA_EXCEEDED' },
      )
      await patchTenant({ spec: { quotas: { knowledgeBases: 5 } } })
      await soon(make, { status: 201 })
    })

    it('limit the requests a minute of all keys together, and say when to come back', async () => {
      const [admin, reader] = [await key(), await key('acme-reader-key')]
      await patchTenant({ spec: { quotas: { requestsPerMinute: 3 } } })
      let turn = 0
      const refused = await soon(() => ask(turn++ % 2 ? admin : reader), { status: 429, code: 'RATE_LIMITED' })
      expect(refused.body.detail).to.contain('more than 3 requests a minute for all API keys of this tenant together')
      expect(Number(refused.headers.get('retry-after'))).to.be.within(1, 60)
      expect(refused.headers.get('ratelimit-limit')).to.equal('3')
      expect(refused.headers.get('ratelimit-remaining')).to.equal('0')
      expect(refused.headers.get('ratelimit-policy')).to.equal('3;w=60')
      // Each key is remembered for itself: one may hear of a limit a moment after the other.
      for (const one of [reader, admin]) await soon(() => ask(one), { status: 429, code: 'RATE_LIMITED' })
      await patchTenant({ spec: { quotas: { requestsPerMinute: -1 } } })
      for (const one of [reader, admin]) await soon(() => ask(one), { status: 200 })
    })
  })

  describe('models and prompts', () => {
    it('are those of the knowledge base, else of the tenant, as far as the pipeline offers them', async () => {
      await world.becomesReady()
      const client = api.as(await key())
      const { items } = ok(await client.get('/v1/knowledge-bases?page_size=100')) as { items: { id: string; name: string }[] } // prettier-ignore
      const { id, name } = items.find(base => base.name === 'handbook')!
      const { document_id } = ok(await client.post(`/v1/knowledge-bases/${id}/documents`, { content: 'The tea is kept in the kitchen.' })) // prettier-ignore
      await untilReady(client, document_id)
      /** The model that answered, and what it was told first. */
      const asked = (expected: readonly [string, string]) =>
        eventually(async () => {
          model.reset()
          ok(await client.post('/v1/rag', { query: 'Where is the tea?', knowledge_base_ids: [id] }))
          const { model: name, messages } = model.seen[0]?.body as { model: string; messages: { content: string }[] }
          expect([name, messages[0]?.content.split('\n')[0]]).to.deep.equal(expected)
        }, 15_000)

      await patchTenant({ spec: { models: { llm: 'openai:other' }, answering: { prompt: 'Be polite.' } } })
      const finding = await eventually(async () => {
        const found = conditionOf(await world.tenant(), 'KnowledgeBasesReady')
        expect(found).to.include({ status: 'False', reason: 'ModelNotOffered' })
        return found
      })
      expect(finding?.message).to.contain('spec.models.llm is openai:other, which RagPipeline demo does not offer')
      await patchPipeline({ models: { llm: { provider: 'openai', model: 'usual', choices: ['openai:other'] } } })
      await eventually(async () =>
        expect(conditionOf(await world.tenant(), 'KnowledgeBasesReady')).to.include({ status: 'True' }),
      )
      await asked(['other', 'Be polite.'])
      await patchTenant({ spec: { knowledgeBases: [{ name, models: { llm: 'openai:usual' }, answering: { prompt: 'Be terse.' } }] } }) // prettier-ignore
      await asked(['usual', 'Be terse.'])
      await patchTenant({ spec: { models: null, answering: null, knowledgeBases: [{ name }] } })
      await asked(['usual', 'You answer questions from numbered sources.'])
      await patchPipeline({ models: { llm: null } })
    })
  })

  describe('keys', () => {
    beforeEach(() => world.becomesReady())

    /** Waits for another key in the Secret; gives it. */
    const replaced = (old: string, name = 'acme-reader-key') =>
      eventually(async () => {
        const now = await key(name)
        expect(now).to.match(/^kb_sk_/)
        expect(now).not.to.equal(old)
        return now
      })
    const keyEvents = async () => {
      const { items } = await world.server.kubeConfig().makeApiClient(EventsV1Api).listNamespacedEvent({ namespace: world.namespace }) // prettier-ignore
      return items.filter(({ reason = '' }) => /^Key/.test(reason)).map(({ reason, note }) => `${reason}: ${note}`)
    }

    for (const [where, annotate] of [
      [
        'the RagTenant',
        (value: string | null) => patchTenant({ metadata: { annotations: { 'selfrag.io/rotate-keys': value } } }),
      ],
      [
        'the Secret',
        (value: string | null) =>
          patchSecret('acme-reader-key', { metadata: { annotations: { 'selfrag.io/rotate-keys': value } } }),
      ],
    ] as const)
      // prettier-ignore
      it(`rotate once for a new value of the annotation on ${where}; both work, then only the new one`, async () => {
        await patchTenant({ spec: { apiKeys: await overlapOfAMinute() } })
        await world.becomesReady()
        const [old, admin] = [await key('acme-reader-key'), await key()]
        await annotate('leaked-laptop')
        const now = await replaced(old)
        await soon(() => ask(now), { status: 200 })
        expect((await ask(old)).status, 'in its overlap').to.equal(200)
        if (where === 'the Secret') expect(await key(), 'no other key').to.equal(admin)
        else await replaced(admin, 'acme-admin-key')
        await eventually(async () => expect((await keyEvents()).join()).to.match(/KeyRotated: key reader was replaced: somebody asked/)) // prettier-ignore

        // The status is written last.
        await eventually(async () => {
          const prefixes = (await world.tenant()).status?.keys?.map(({ prefix }) => prefix)
          expect(prefixes).to.deep.equal([(await key()).slice(0, 12), now.slice(0, 12)])
        })
        await world.becomesReady()
        const writes = async () => (await world.clusterWrites()).filter(write => !/ events /.test(write))
        const before = { cluster: await writes(), database: world.databaseWrites.length }
        const { tenant: runs } = await reconcileCounts(operator)
        // Whatever makes it look again: the same value asks for nothing, nor does taking it away and giving it again.
        await patchSecret('acme-reader-key', { metadata: { annotations: { nudge: where } } })
        await annotate(null)
        await annotate('leaked-laptop')
        await eventually(async () => expect((await reconcileCounts(operator)).tenant).to.be.at.least(runs + 2))
        await world.becomesReady()
        expect({ cluster: await writes(), database: world.databaseWrites.length }).to.deep.equal(before)
        expect(await key('acme-reader-key')).to.equal(now)

        aheadMs = 61_000
        await soon(() => ask(old), { status: 401, code: 'INVALID_API_KEY' })
        expect((await ask(now)).status).to.equal(200)
      })

    it('are minted again when their Secret is deleted, and the old one dies', async () => {
      const old = await key('acme-reader-key')
      ok(await ask(old))
      await removeSecret('acme-reader-key')
      await soon(() => ask(old), { status: 401, code: 'INVALID_API_KEY' })
      await soon(async () => ask(await key('acme-reader-key')), { status: 200 })
      await eventually(async () => expect((await keyEvents()).join()).to.contain('KeysRevoked'))
    })

    const edits: [what: string, value: () => Promise<string>][] = [
      ['garbage', async () => 'hunter2'],
      ['nothing', async () => ''],
      ['a key of another declared key', () => key()],
    ]
    for (const [what, value] of edits)
      it(`come back when somebody has put ${what} into the Secret, and the one before dies`, async () => {
        const old = await key('acme-reader-key')
        const pasted = await value()
        await patchSecret('acme-reader-key', { data: { 'api-key': Buffer.from(pasted).toString('base64') } })
        await soon(() => ask(old), { status: 401, code: 'INVALID_API_KEY' })
        await soon(async () => {
          const now = await key('acme-reader-key')
          expect(now).not.to.equal(pasted)
          return ask(now)
        }, { status: 200 }) // prettier-ignore
        ok(await ask(await key()))
      })

    it('do not come back to life when a revoked one is put into the Secret', async () => {
      const revoked = await key('acme-reader-key')
      await removeSecret('acme-reader-key')
      await soon(() => ask(revoked), { status: 401 })
      const between = await replaced(revoked)
      await patchSecret('acme-reader-key', { data: { 'api-key': Buffer.from(revoked).toString('base64') } })
      await soon(() => ask(between), { status: 401 })
      const now = await replaced(revoked)
      await soon(() => ask(now), { status: 200 })
      expect((await ask(revoked)).status).to.equal(401)
    })

    it('take over a well-formed one that nobody knows, as after a crash between Secret and database', async () => {
      const [old, pasted] = [await key('acme-reader-key'), mintApiKey()]
      await patchSecret('acme-reader-key', { data: { 'api-key': Buffer.from(pasted).toString('base64') } })
      await soon(() => ask(pasted), { status: 200 })
      expect((await ask(old)).status, 'in its overlap').to.equal(200)
      expect(await key('acme-reader-key')).to.equal(pasted)
    })

    it('lie in Secrets whose URL and labels are set right', async () => {
      const before = await key('acme-reader-key')
      const data = { url: Buffer.from('http://evil').toString('base64') }
      await patchSecret('acme-reader-key', { data, metadata: { labels: { 'selfrag.io/api-key': null } } })
      await eventually(async () => {
        expect((await world.secret('acme-reader-key'))?.['url']).to.equal(`http://demo-api.${world.namespace}.svc:8020`)
        const live = await world.client.get(types.secrets, { namespace: world.namespace, name: 'acme-reader-key' })
        expect(live?.metadata.labels).to.include({ 'selfrag.io/api-key': 'reader' })
      })
      expect(await key('acme-reader-key')).to.equal(before)
    })

    const overlapOfAMinute = async () =>
      (await world.tenant()).spec.apiKeys.map(one => ({ ...one, rotationOverlap: '1m' }))
  })

  describe('a tenant of another namespace', () => {
    const get = async () => present(await world.client.get<Tenant>(types.tenants, { namespace: other, name: 'guest' }), 'guest') // prettier-ignore
    const guestKey = async () => {
      const secret = await world.client.get<Tenant & { data: Record<string, string> }>(types.secrets, { namespace: other, name: 'guest-key' }) // prettier-ignore
      return Buffer.from(present(secret, 'guest-key').data['api-key'] ?? '', 'base64').toString('utf8')
    }
    const isReady = (expected: object) =>
      eventually(async () => expect(conditionOf(await get(), 'Ready')).to.include(expected))

    before(async () => {
      const apiKeys = [{ name: 'app', role: 'read', secretName: 'guest-key' }]
      const manifest = tenantManifest({ pipelineRef: { name: 'demo', namespace: world.namespace }, apiKeys }, 'guest')
      await world.client.create(types.tenants, { ...manifest, metadata: { ...manifest.metadata, namespace: other } })
    })

    it('is not let in until the pipeline says so, and then is', async () => {
      await isReady({ status: 'False', reason: 'NamespaceNotAllowed' })
      expect((await get()).metadata.finalizers ?? []).to.deep.equal([])
      await patchPipeline({ allowedTenantNamespaces: [other] })
      await isReady({ status: 'True' })
      await soon(async () => ask(await guestKey()), { status: 200 })
    })

    it('is refused when the permission is withdrawn, says so, keeps its data, and works again when it is back', async () => {
      const secret = await guestKey()
      await patchPipeline({ allowedTenantNamespaces: [] })
      await soon(() => ask(secret), { status: 403, code: 'TENANT_DISABLED' })
      await isReady({ status: 'False', reason: 'NamespaceNotAllowed' })
      const tenant = await get()
      expect(conditionOf(tenant, 'Ready')?.message).to.contain('its keys are refused, and its data stays')
      expect(conditionOf(tenant, 'Degraded')).to.include({ status: 'True', reason: 'NamespaceNotAllowed' })
      expect(await world.sql('selfrag.tenants').where({ slug: 'guest' }).pluck<string[]>('status')).to.deep.equal(['disabled']) // prettier-ignore
      const told = await world.sql('selfrag.audit_log').where({ action: 'disable-tenant', target: 'guest' })
      expect(told).to.have.length(1)
      expect(told[0]).to.deep.include({ detail: { why: 'its pipeline takes no tenants from its namespace any more' } })

      await patchPipeline({ allowedTenantNamespaces: ['*'] })
      await soon(() => ask(secret), { status: 200 })
      await isReady({ status: 'True' })
      expect(await guestKey(), 'the same key').to.equal(secret)
    })

    it('can be deleted while it is not let in', async () => {
      await patchPipeline({ allowedTenantNamespaces: [] })
      await isReady({ status: 'False', reason: 'NamespaceNotAllowed' })
      await world.client.mergePatch(types.tenants, (await get()).metadata, { spec: { deletionPolicy: 'Delete' } })
      await world.client.delete(types.tenants, (await get()).metadata)
      await eventually(async () => {
        expect(await world.client.get(types.tenants, { namespace: other, name: 'guest' })).to.equal(null)
      })
      expect(await world.sql('selfrag.tenants').where({ slug: 'guest' })).to.deep.equal([])
    })
  })
})
