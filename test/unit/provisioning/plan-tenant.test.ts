import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { DesiredTenant } from '../../../api/provisioning/desired.ts'
import type { ObservedTenant } from '../../../api/provisioning/observed.ts'
import { planTenant } from '../../../api/provisioning/plan-tenant.ts'
import { keyNamed, kinds, pipelineWith, tenantOf } from '../../support/provisioning.ts'
import { keyRow, knowledgeBaseRow, NOW, settledTenant } from './observations.ts'

const pipeline = pipelineWith('kb')
const desired = tenantOf(pipeline, 'acme')
const settled = settledTenant(pipeline, desired)
const [firstKb] = desired.knowledgeBases

function observedWith(changes: Partial<ObservedTenant>): ObservedTenant {
  return { ...settled, ...changes }
}
function rowWith(changes: Partial<NonNullable<ObservedTenant['row']>>): ObservedTenant {
  if (!settled.row) throw new Error('no row')
  return observedWith({ row: { ...settled.row, ...changes } })
}
const schemaWith = (changes: Partial<ObservedTenant['schema']>) =>
  observedWith({ schema: { ...settled.schema, ...changes } })
const roleWith = (changes: Partial<ObservedTenant['role']>) => observedWith({ role: { ...settled.role, ...changes } })
const lost = (kind: 'table' | 'column' | 'index', name: string) => ({ kind, table: 'chunks', name, wanted: 'x', found: 'missing' }) // prettier-ignore
const grant = (revokedBy: 'tenant' | null) => ({ object: 'table tenant_acme.chunks', grantee: 'spy', rights: 'SELECT', revoke: 'REVOKE …', revokedBy }) // prettier-ignore
const emptyPlace = (alias: string) => ({ alias, target: null, nameTaken: false, state: null, generations: [] })
const moveIn = (phase: 'copying' | 'done') => ({ phase, target: 'kb_t_acme' }) as NonNullable<ObservedTenant['move']>
const stranger = { cluster: 'c2', uid: 'x', name: 'RagTenant/other/acme' }
const before = { ...desired.owner, uid: 'before' }

describe('provisioning/plan-tenant', () => {
  it('plans nothing for a world that is as desired', () => {
    expect(planTenant(desired, settled, NOW)).to.deep.equal({ steps: [], obstacles: [], drift: [] })
  })

  const nothing = observedWith({
    row: null,
    role: { ...settled.role, exists: false, granted: false },
    schema: { ...settled.schema, exists: false, marker: null, ownedBy: null, applied: null },
    knowledgeBases: null,
    keys: [],
    vault: { admin: { state: 'absent' }, reader: { state: 'absent' } },
  })
  const creation = [
    ...['create-role', 'create-schema', 'migrate-tenant-schema', 'create-tenant', 'create-knowledge-base'],
    ...['mint-key', 'mint-key'],
  ]

  const cases: [
    what: string,
    observed: ObservedTenant,
    steps: string[],
    drift: string[],
    wanted?: Partial<DesiredTenant>,
  ][] = [
    ['makes everything', nothing, creation, []],
    [
      'prepares another place for the vectors and has them moved there',
      observedWith({ destination: emptyPlace('kb_t_acme'), move: moveIn('done') }),
      ['create-collection', 'record-generation', 'set-alias', 'begin-move', 'update-tenant'],
      [],
      { isolation: 'Dedicated' },
    ],
    [
      'waits for a move that is under way',
      observedWith({ destination: emptyPlace('kb_t_acme'), move: moveIn('copying') }),
      ['update-tenant'],
      [],
      { isolation: 'Dedicated' },
    ],
    [
      'goes on where creation was interrupted',
      observedWith({ row: null, knowledgeBases: [], keys: [], vault: nothing.vault }),
      creation.slice(3),
      [],
    ],
    ['migrates an older schema', schemaWith({ applied: [] }), ['migrate-tenant-schema'], []],
    [
      'repairs a missing grant',
      { ...roleWith({ granted: false }), knowledgeBases: null },
      ['grant-schema'],
      ['member'],
    ],
    ['repairs a role that may log in', roleWith({ excess: ['LOGIN'] }), ['grant-schema'], ['attribute']],
    ['repairs a schema that is open to all', schemaWith({ public: true }), ['grant-schema'], ['usage']],
    [
      'repairs a schema of the product’s role',
      { ...schemaWith({ ownedBy: 'app', applied: null }), knowledgeBases: null },
      ['grant-schema'],
      ['owner'],
    ],
    [
      'repairs a table of another role',
      { ...schemaWith({ strayTables: ['chunks'], applied: null }), knowledgeBases: null },
      ['grant-schema'],
      ['owner'],
    ],
    [
      'makes an index anew',
      schemaWith({ structure: [lost('index', 'chunks_kb')] }),
      ['mend-schema'],
      ['index chunks_kb'],
    ],
    ['takes rights away', schemaWith({ grants: [grant('tenant')] }), ['revoke-grants'], ['rights of spy']],
    ['tells of rights that it cannot take away', schemaWith({ grants: [grant(null)] }), [], ['rights of spy']],
    ['updates the row', rowWith({ display_name: 'Old', status: 'disabled' }), ['update-tenant'], []],
    [
      'takes away a choice that the resource does not make any more',
      rowWith({ settings: { models: { llm: 'openai:old' }, kept: 1 } }),
      ['update-tenant'],
      [],
    ],
    [
      'writes nothing when models and prompt are as declared',
      rowWith({ settings: { kept: 1, models: { llm: 'openai:a' }, answering: { prompt: 'Be brief.' } } }),
      [],
      [],
      { settings: { models: { llm: 'openai:a' }, answering: { prompt: 'Be brief.' } } },
    ],
    [
      'leaves what HTTP has chosen for a tenant of its own',
      rowWith({ managed_by: 'api', settings: { models: { llm: 'openai:a' } } }),
      [],
      [],
      { managedBy: 'api' },
    ],
    [
      'sets the models of a knowledge base',
      settled,
      ['update-knowledge-base'],
      [],
      { knowledgeBases: [{ ...firstKb!, settings: { models: { llm: 'none' } } }] },
    ],
    [
      'takes back what was released',
      {
        ...rowWith({ owner: before, released_at: NOW, status: 'disabled', managed_by: 'api' }),
        schema: { ...settled.schema, marker: before },
      },
      ['adopt-schema', 'take-tenant', 'update-tenant'],
      [],
    ],
    [
      'adopts a tenant of HTTP',
      {
        ...rowWith({ owner: { cluster: 'api', uid: 'x' }, managed_by: 'api' }),
        schema: { ...settled.schema, marker: { cluster: 'api', uid: 'x' } },
      },
      ['adopt-schema', 'take-tenant'],
      [],
      { adopt: true },
    ],
    [
      'declares what HTTP made',
      observedWith({ knowledgeBases: [knowledgeBaseRow('handbook', { ...firstKb, managed_by: 'api' })] }),
      ['update-knowledge-base'],
      [],
    ],
    [
      'releases what is not declared',
      settled,
      ['release-knowledge-base'],
      [],
      {
        knowledgeBases: [],
        apiKeys: [keyNamed('admin', { role: 'admin' }), keyNamed('reader', { knowledgeBases: ['handbook'] })],
      },
    ],
    [
      'leaves alone what HTTP made',
      observedWith({ knowledgeBases: [...(settled.knowledgeBases ?? []), knowledgeBaseRow('notes')] }),
      [],
      [],
    ],
  ]
  for (const [what, observed, steps, drift, wanted] of cases)
    it(what, () => {
      const plan = planTenant({ ...desired, ...wanted }, observed, NOW)
      expect(kinds(plan)).to.deep.equal(steps)
      expect(plan.drift.map(one => one.field)).to.deep.equal(drift)
      expect(plan.obstacles).to.deep.equal([])
    })

  const obstacles: [
    what: string,
    observed: ObservedTenant,
    reason: string,
    area: string,
    message: string,
    wanted?: Partial<DesiredTenant>,
  ][] = [
    ['a pipeline that is not ready', observedWith({ pipelineReady: false }), 'Waiting', 'database', 'DatabaseReady'],
    [
      'a collection that is not there yet',
      observedWith({ collection: { ...settled.collection, target: null, state: null } }),
      'Waiting',
      'vectors',
      'VectorStoreReady',
    ],
    ['another one’s tenant', rowWith({ owner: stranger }), 'Conflict', 'tenant', 'RagTenant/other/acme'],
    [
      'a tenant of HTTP',
      rowWith({ owner: { cluster: 'api', uid: 'x' }, managed_by: 'api' }),
      'Conflict',
      'tenant',
      'made over HTTP',
    ],
    [
      'a released tenant of another name',
      rowWith({ owner: stranger, managed_by: 'api', released_at: NOW, status: 'disabled' }),
      'Conflict',
      'tenant',
      'adopt',
    ],
    [
      'a released tenant that HTTP took up',
      rowWith({ owner: before, managed_by: 'api', released_at: NOW }),
      'Conflict',
      'tenant',
      'adopt',
    ],
    [
      'a declared tenant, for HTTP',
      settled,
      'Conflict',
      'tenant',
      'RagTenant/default/acme',
      { managedBy: 'api', owner: { cluster: 'api', uid: 'y' }, adopt: true },
    ],
    [
      'another one’s schema',
      { ...nothing, schema: { ...settled.schema, marker: stranger } },
      'Conflict',
      'tenant',
      'schema tenant_acme',
    ],
    ['a schema of a stranger’s role', schemaWith({ ownedBy: 'dba' }), 'Unrepairable', 'tenant', 'ALTER SCHEMA'],
    [
      'a lost schema',
      { ...nothing, row: settled.row, keys: settled.keys, vault: settled.vault },
      'Unrepairable',
      'tenant',
      'backup',
    ],
    ['a lost table', schemaWith({ structure: [lost('table', 'chunks')] }), 'Unrepairable', 'tenant', 'chunks'],
    ['a lost column', schemaWith({ structure: [lost('column', 'text')] }), 'Unrepairable', 'tenant', 'chunks.text'],
    ['a newer schema', schemaWith({ applied: ['999-x'] }), 'NewerSchema', 'tenant', '999-x'],
    [
      'an image whose migrations the operator does not know',
      {
        ...nothing,
        level: { ...settled.level, image: 'i', tenant: ['001-tenant-schema', '002-x'] } as ObservedTenant['level'],
      },
      'NewerSchema',
      'tenant',
      '002-x',
      { migrations: 'recorded' },
    ],
    [
      'vectors elsewhere, in a database that knows no moves',
      observedWith({ destination: emptyPlace('kb_t_acme'), knowsMoves: false }),
      'Waiting',
      'vectors',
      'kb_t_acme',
      { isolation: 'Dedicated' },
    ],
    [
      'a knowledge base that is being deleted',
      observedWith({
        knowledgeBases: [knowledgeBaseRow('handbook', { ...firstKb, managed_by: 'resource', deleted_at: NOW })],
        keys: settled.keys.filter(key => key.name === 'admin'),
      }),
      'Waiting',
      'knowledge-bases',
      'handbook',
      { apiKeys: desired.apiKeys.slice(0, 1) },
    ],
    [
      'a scope that names nothing',
      settled,
      'Unrepairable',
      'keys',
      'nowhere',
      { apiKeys: [...desired.apiKeys, keyNamed('lost', { knowledgeBases: ['nowhere'] })] },
    ],
  ]
  for (const [what, observed, reason, area, message, wanted] of obstacles)
    it(`is stopped by ${what}, and says so`, () => {
      const plan = planTenant({ ...desired, ...wanted }, observed, NOW)
      expect(plan.obstacles).to.have.length(1)
      expect(plan.obstacles[0]).to.include({ reason, area })
      expect(plan.obstacles[0]?.message).to.include(message)
      const touched = plan.steps.filter(step => step.kind !== 'update-tenant')
      expect(touched).to.deep.equal([])
    })
})

describe('provisioning/plan-keys', () => {
  const hour = 3_600_000
  const key = keyNamed('app', { rotateAfterSeconds: 3600 })
  const wanted = { ...desired, knowledgeBases: [], apiKeys: [key] }
  const world = (changes: Partial<ObservedTenant>) => ({ ...settledTenant(pipeline, wanted), ...changes })
  const aged = keyRow('app', { created_at: new Date(NOW.getTime() - hour) })
  const known = { app: { state: 'known', keyId: aged.id, rotationAsked: false } } as const
  const older = keyRow('app', { id: 'older' })
  const ending = keyRow('app', { id: 'ending', expires_at: new Date(NOW.getTime() + 1) })
  const ended = keyRow('app', { id: 'ended', expires_at: NOW })

  const cases: [what: string, observed: ObservedTenant, steps: object[]][] = [
    [
      'no secret, no row: mints',
      world({ keys: [], vault: { app: { state: 'absent' } } }),
      [{ kind: 'mint-key', replaces: [] }],
    ],
    [
      'unusable secret: revokes and mints',
      world({ vault: { app: { state: 'unusable' } } }),
      [
        { kind: 'revoke-keys', ids: ['key-app'] },
        { kind: 'mint-key', replaces: [] },
      ],
    ],
    [
      'lost secret: revokes the ending ones too',
      world({ keys: [older, ending, ended], vault: { app: { state: 'absent' } } }),
      [
        { kind: 'revoke-keys', ids: ['older', 'ending'] },
        { kind: 'mint-key', replaces: [] },
      ],
    ],
    [
      'unknown secret: registers it, older ones get the overlap',
      world({ keys: [older, ending], vault: { app: { state: 'new', prefix: 'p' } } }),
      [{ kind: 'register-key', replaces: ['older'] }],
    ],
    ['young: nothing', world({}), []],
    [
      'old: mints, and the old one gets the overlap',
      world({ keys: [aged, ending], vault: known }),
      [{ kind: 'mint-key', replaces: ['key-app'] }],
    ],
    [
      'asked for: mints, young as it is',
      world({ vault: { app: { state: 'known', keyId: 'key-app', rotationAsked: true } } }),
      [{ kind: 'mint-key', replaces: ['key-app'], why: 'somebody asked for another one' }],
    ],
    [
      'a secret whose key is ending: mints',
      world({ keys: [ending], vault: { app: { state: 'known', keyId: 'ending', rotationAsked: false } } }),
      [{ kind: 'mint-key', replaces: [] }],
    ],
    [
      'a secret whose key has ended: mints',
      world({ keys: [ended], vault: { app: { state: 'known', keyId: 'ended', rotationAsked: false } } }),
      [{ kind: 'mint-key', replaces: [] }],
    ],
    [
      'a second lasting key: ends it',
      world({ keys: [keyRow('app'), older] }),
      [{ kind: 'expire-keys', ids: ['older'], at: new Date(NOW.getTime() + hour) }],
    ],
    [
      'another role: updates',
      world({ keys: [keyRow('app', { role: 'admin' })] }),
      [{ kind: 'update-key', changed: ['role'] }],
    ],
    [
      'not declared: forgets, then revokes',
      world({ keys: [keyRow('app'), keyRow('gone'), keyRow('over', { expires_at: NOW })] }),
      [
        { kind: 'forget-secrets', names: ['gone'] },
        { kind: 'revoke-keys', ids: ['key-gone'] },
      ],
    ],
  ]
  for (const [what, observed, steps] of cases)
    it(what, () => {
      const plan = planTenant(wanted, observed, NOW)
      expect(plan.steps).to.have.length(steps.length)
      for (const [index, step] of steps.entries()) expect(plan.steps[index]).to.deep.include(step)
      expect(plan.obstacles).to.deep.equal([])
    })
})
