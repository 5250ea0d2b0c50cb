import { EventsV1Api } from '@kubernetes/client-node'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { readStructure } from '../../api/stores/postgres/schema-structure.ts'
import { publicGrants, strayTenantGrants } from '../../api/stores/postgres/stray-grants.ts'
import { describeTenantPlace } from '../../api/stores/postgres/tenant-roles.ts'
import { types } from '../../operator/observe/resource-types.ts'
import { type RunningOperator } from '../../operator/operator.ts'
import { eventually } from '../support/eventually.ts'
import { orSkip } from '../support/missing-part.ts'
import { conditionOf, OperatorWorld, present } from '../support/operator-world.ts'
import { moreReconciles } from '../support/reconcile-counts.ts'

describe('drift in the stores, which no event tells of', function () {
  this.timeout(120_000)
  let world: OperatorWorld
  let operator: RunningOperator
  let role: string
  /** A role that gets rights which it should not have. */
  let spy: string

  before(async function () {
    this.timeout(900_000)
    world = await orSkip(this, OperatorWorld.make())
    operator = await world.start({ env: { RESYNC_SECONDS: '1' } })
    await world.applySamples()
    await world.becomesReady()
    role = (await describeTenantPlace(world.sql, 'acme')).role
    spy = `${role.replace('tenant_', 'spy_')}`
    await world.sql.raw('CREATE ROLE ??', [spy])
    await qdrant('PUT', `/collections/${world.prefix}_other`, { vectors: {} })
  })

  after(async () => {
    await world?.sql.raw('DROP ROLE IF EXISTS ??', [spy]).catch(() => undefined)
    await world?.dispose()
  })

  const qdrant = async (method: string, path: string, body?: object) => {
    const answer = await fetch(world.qdrant.url + path, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  }
  const asTenant = (...statements: string[]) =>
    world.sql.transaction(async sql => {
      await sql.raw('SET LOCAL ROLE ??', [role])
      for (const statement of statements) await sql.raw(statement)
    })
  /** Everything that drifts here, to be compared. */
  const snapshot = async () => {
    const alias = `${world.prefix}_shared`
    const { granted, excess, schemaOwner, public: isPublic } = await describeTenantPlace(world.sql, 'acme')
    return {
      target: await world.vectors.collections.resolve(alias),
      collection: await world.vectors.collections.describe(`${alias}_g1`),
      control: await readStructure(world.sql, 'selfrag'),
      tenant: await readStructure(world.sql, 'tenant_acme'),
      place: { granted, excess, schemaOwner, isPublic },
      grants: [...(await publicGrants(world.sql, 'selfrag')), ...(await strayTenantGrants(world.sql, 'tenant_acme', role))], // prettier-ignore
    }
  }

  const meddle = async () => {
    const collection = `/collections/${world.prefix}_shared_g1`
    await qdrant('DELETE', `${collection}/index/kb_id?wait=true`)
    await qdrant('DELETE', `${collection}/index/document_id?wait=true`)
    await qdrant('PUT', `${collection}/index?wait=true`, { field_name: 'document_id', field_schema: 'integer' })
    await qdrant('PATCH', collection, {
      hnsw_config: { payload_m: 4, ef_construct: 40 },
      quantization_config: { scalar: { type: 'int8' } },
      vectors: { dense: { on_disk: true } },
    })
    const [alias_name, collection_name] = [`${world.prefix}_shared`, `${world.prefix}_other`]
    await qdrant('POST', '/collections/aliases', { actions: [{ delete_alias: { alias_name } }, { create_alias: { alias_name, collection_name } }] }) // prettier-ignore
    await world.sql.raw('DROP INDEX selfrag.jobs_document')
    await world.sql.raw('GRANT SELECT ON selfrag.usage TO PUBLIC')
    await world.sql.raw('ALTER ROLE ?? LOGIN', [role])
    await world.sql.raw('GRANT ?? TO ??', [role, spy])
    await world.sql.raw('GRANT SELECT ON selfrag.api_keys TO ??', [role])
    await asTenant(
      'DROP INDEX tenant_acme.chunks_kb',
      'ALTER TABLE tenant_acme.chunks DROP CONSTRAINT chunks_document_id_fkey',
      `GRANT SELECT ON tenant_acme.documents TO "${spy}"`,
      'GRANT USAGE ON SCHEMA tenant_acme TO PUBLIC',
    )
  }
  const differences = {
    pipeline: () => [
      [`collection ${world.prefix}_shared_g1`, 'payload index kb_id', 'present', 'missing'],
      [`collection ${world.prefix}_shared_g1`, 'payload index document_id', 'keyword', 'integer'],
      [`collection ${world.prefix}_shared_g1`, 'hnsw', 'm 16, efConstruct 100, fullScanThreshold 10000', 'm 4, efConstruct 40, fullScanThreshold 10000'], // prettier-ignore
      [`collection ${world.prefix}_shared_g1`, 'quantization', 'none', 'scalar'],
      [`collection ${world.prefix}_shared_g1`, 'onDisk', 'false', 'dense true, sparse false'],
      [`collection ${world.prefix}_shared_g1`, `alias ${world.prefix}_shared`, `${world.prefix}_shared_g1`, `${world.prefix}_other`], // prettier-ignore
      ['table selfrag.jobs', 'index jobs_document', 'CREATE INDEX jobs_document ON jobs USING btree (document_id)', 'missing'], // prettier-ignore
      ['table selfrag.usage', 'rights of PUBLIC', 'none', 'SELECT'],
    ],
    tenant: () => [
      [`role ${role}`, 'attribute', 'NOLOGIN', 'LOGIN'],
      ['schema tenant_acme', 'usage', role, 'PUBLIC'],
      ['table tenant_acme.chunks', 'index chunks_kb', 'CREATE INDEX chunks_kb ON chunks USING btree (kb_id)', 'missing'], // prettier-ignore
      ['table tenant_acme.chunks', 'constraint chunks_document_id_fkey', 'present', 'missing'],
      [`role ${role}`, `rights of ${spy}`, 'none', 'MEMBER'],
      ['table selfrag.api_keys', `rights of ${role}`, 'none', 'some'],
      ['table tenant_acme.documents', `rights of ${spy}`, 'none', 'SELECT'],
    ],
  }
  const told = async (kind: 'pipeline' | 'tenant') =>
    ((await world[kind]()).status?.drift ?? []).map(({ object, field, wanted, found }) => [object, field, wanted, found]) // prettier-ignore
  const writes = async () => [
    (await world.clusterWrites()).length,
    world.databaseWrites.length,
    world.qdrant.writes.length,
  ]
  const setDriftPolicy = async (driftPolicy: string) => {
    await world.client.mergePatch(types.pipelines, (await world.pipeline()).metadata, { spec: { driftPolicy } })
    await world.becomesReady()
    await moreReconciles(operator, 1)
  }
  const isMended = (whole: Awaited<ReturnType<typeof snapshot>>) =>
    eventually(async () => {
      expect(await snapshot()).to.deep.equal(whole)
      for (const kind of ['pipeline', 'tenant'] as const) expect(await told(kind)).to.deep.equal([])
    }, 20_000)
  const events = async (reason: string) => {
    const api = world.server.kubeConfig().makeApiClient(EventsV1Api)
    const { items } = await api.listNamespacedEvent({ namespace: world.namespace })
    return items.filter(event => event.reason === reason).map(({ note = '' }) => note)
  }

  it('is repaired in place under Enforce, told in Events, and then nothing is written', async () => {
    const whole = await snapshot()
    await meddle()
    await isMended(whole)
    await world.becomesReady()
    await eventually(async () => {
      const notes = (await events('DriftRepaired')).join('\n')
      for (const word of [
        'payload index kb_id',
        'alias',
        'index jobs_document',
        `rights of ${spy}`,
        'LOGIN',
        'chunks_kb',
      ])
        expect(notes).to.contain(word)
    })
    await moreReconciles(operator, 2)
    const before = await writes()
    await moreReconciles(operator, 3)
    expect(await writes()).to.deep.equal(before)
  })

  it('is told field by field under Warn and left alone, also while the spec asks for something else, until Enforce', async () => {
    await setDriftPolicy('Warn')
    const whole = await snapshot()
    await meddle()
    const meddled = await snapshot()
    await eventually(async () => {
      for (const kind of ['pipeline', 'tenant'] as const)
        expect(await told(kind)).to.have.deep.members(differences[kind]())
    })
    for (const kind of ['pipeline', 'tenant'] as const)
      expect(conditionOf(await world[kind](), 'Degraded')).to.include({ status: 'True', reason: 'DriftFound' })
    // A new generation of both, and a knowledge base that has to be made all the same.
    await world.client.mergePatch(types.pipelines, (await world.pipeline()).metadata, { spec: { logLevel: 'debug' } })
    const { metadata, spec } = await world.tenant()
    await world.client.mergePatch(types.tenants, metadata, { spec: { knowledgeBases: [...spec.knowledgeBases, { name: 'more' }] } }) // prettier-ignore
    await eventually(async () => expect((await world.tenant()).status?.usage?.knowledgeBases).to.equal(2))
    expect(await snapshot()).to.deep.equal(meddled)
    await moreReconciles(operator, 2)
    const before = await writes()
    await moreReconciles(operator, 3)
    expect(await writes(), 'drift that is told already is not told again').to.deep.equal(before)
    await world.client.mergePatch(types.pipelines, (await world.pipeline()).metadata, { spec: { driftPolicy: 'Enforce' } }) // prettier-ignore
    await isMended(whole)
  })

  it('is left alone without a word under Ignore', async () => {
    await setDriftPolicy('Ignore')
    const whole = await snapshot()
    const before = [await events('DriftFound'), await events('DriftRepaired')]
    await meddle()
    const meddled = await snapshot()
    await moreReconciles(operator, 3)
    expect(await snapshot()).to.deep.equal(meddled)
    for (const kind of ['pipeline', 'tenant'] as const) expect(await told(kind)).to.deep.equal([])
    expect([await events('DriftFound'), await events('DriftRepaired')]).to.deep.equal(before)
    await world.client.mergePatch(types.pipelines, (await world.pipeline()).metadata, { spec: { driftPolicy: 'Enforce' } }) // prettier-ignore
    await isMended(whole)
  })

  it('that took data along is Degraded with the way out, and never hidden', async () => {
    await asTenant('ALTER TABLE tenant_acme.idempotency_keys RENAME TO hidden')
    await world.sql.raw('ALTER TABLE selfrag.usage RENAME COLUMN count TO amount')
    await eventually(async () => {
      const [pipeline, tenant] = [await world.pipeline(), await world.tenant()]
      expect(conditionOf(pipeline, 'Degraded')).to.include({ status: 'True', reason: 'Unrepairable' })
      expect(conditionOf(pipeline, 'DatabaseReady')?.message).to.contain('usage.count (missing, wanted bigint)')
      expect(conditionOf(tenant, 'SchemaReady')?.message).to.contain('has lost the tables idempotency_keys')
      const [lost] = tenant.status?.drift ?? []
      expect(lost).to.include({ object: 'table tenant_acme.idempotency_keys', field: 'existence', found: 'missing' })
      expect(lost?.remedy).to.contain('docs/drift.md')
    })
    await asTenant('ALTER TABLE tenant_acme.hidden RENAME TO idempotency_keys')
    await world.sql.raw('ALTER TABLE selfrag.usage RENAME COLUMN amount TO count')
    await world.becomesReady()
    for (const kind of ['pipeline', 'tenant'] as const) expect(await told(kind)).to.deep.equal([])
  })

  it('of a collection that is gone: it is made anew, and the documents that have no vectors are told', async () => {
    const kbId = await inTenant(`SELECT id FROM tenant_acme.knowledge_bases WHERE name = 'handbook'`)
    await asTenant(
      `INSERT INTO tenant_acme.documents (id, kb_id, title, content_hash, media_type, size_bytes, status, chunk_count)
       VALUES ('11111111-1111-4111-8111-111111111111', '${kbId}', 'T', 'h', 'text/plain', 1, 'ready', 1)`,
      `INSERT INTO tenant_acme.chunks (id, document_id, kb_id, position, text, start_offset, end_offset, terms, frequencies, length)
       VALUES ('22222222-2222-4222-8222-222222222222', '11111111-1111-4111-8111-111111111111', '${kbId}', 0, 't', 0, 1, '{}', '{}', 0)`,
    )
    await qdrant('DELETE', `/collections/${world.prefix}_shared_g1`)
    await eventually(async () => {
      expect(await world.vectors.collections.resolve(`${world.prefix}_shared`)).to.equal(`${world.prefix}_shared_g1`)
      const tenant = await world.tenant()
      expect(conditionOf(tenant, 'Degraded')).to.include({ status: 'True', reason: 'VectorsMissing' })
      expect(conditionOf(tenant, 'CollectionReady')).to.include({ status: 'False', reason: 'VectorsMissing' })
      expect(conditionOf(tenant, 'CollectionReady')?.message).to.contain('/reprocess')
    })
    await asTenant(`DELETE FROM tenant_acme.documents`)
    await world.becomesReady()
  })

  const inTenant = (query: string) =>
    world.sql.transaction(async sql => {
      await sql.raw('SET LOCAL ROLE ??', [role])
      const { rows } = await sql.raw<{ rows: { id: string }[] }>(query)
      return present(rows[0] ?? null, query).id
    })
})
