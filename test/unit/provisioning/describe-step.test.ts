import { expect } from 'chai'
import { describe, it } from 'mocha'
import { collectionSpec } from '../../../api/provisioning/collection-spec.ts'
import { describeStep } from '../../../api/provisioning/describe-step.ts'
import type { PlanWords } from '../../../api/provisioning/planned-change.ts'
import type { Step } from '../../../api/provisioning/steps.ts'
import { keyNamed, pipelineWith, tenantOf } from '../../support/provisioning.ts'

const pipeline = pipelineWith('kb')
const tenant = tenantOf(pipeline, 'acme')
const { owner } = tenant
const [knowledgeBase] = tenant.knowledgeBases
if (!knowledgeBase) throw new Error('the tenant of tests declares a knowledge base')
const slug = 'acme'
const spec = collectionSpec(pipeline.vectors, 'shared', owner)
const archive = { slug, tenantId: '1', owner, archive: 'snapshot_1', fingerprint: null }
const erasure = { rows: 41, controlRows: 5, points: { kb_shared: 7, kb_t_acme_g1: 9 } }

const words = (engine: PlanWords['engine'], forecast: PlanWords['erasure'] = erasure): PlanWords => ({
  engine,
  vaultOf: name => `Secret/acme-${name}-key`,
  erasure: forecast,
})
const told = (step: Step, engine: PlanWords['engine'] = 'qdrant') =>
  describeStep(step, words(engine)).map(({ target, action, object, detail }) => [`${target} ${action} ${object}`, detail] as const) // prettier-ignore

const cases: [step: Step, changes: string[], detail: RegExp][] = [
  [{ kind: 'migrate-control-schema', from: null, to: '003', owner }, ['postgres create schema selfrag'], /CREATE SCHEMA.*up to 003/], // prettier-ignore
  [{ kind: 'migrate-control-schema', from: '001', to: '003', owner }, ['postgres update schema selfrag'], /up to 003, from 001/], // prettier-ignore
  [{ kind: 'adopt-schema', schema: 'selfrag', slug: null, owner }, ['postgres update schema selfrag'], /COMMENT.*RagTenant\/default\/acme/], // prettier-ignore
  [{ kind: 'create-collection', alias: 'kb_shared', name: 'kb_shared_g1', generation: 1, spec, model: 'm' }, ['qdrant create collection kb_shared_g1'], /PUT \/collections\/kb_shared_g1.*4 dimensions, cosine, shared, m 16/], // prettier-ignore
  [{ kind: 'create-payload-index', collection: 'c', index: 'kb_id', tenancy: 'shared', replaces: null }, ['qdrant update collection c'], /PUT .*kb_id/], // prettier-ignore
  [{ kind: 'tune-collection', collection: 'c', tuning: spec, part: 'hnsw' }, ['qdrant update collection c'], /PATCH .*m 16, efConstruct 100/], // prettier-ignore
  [{ kind: 'set-alias', alias: 'a', collection: 'c' }, ['qdrant update alias a'], /to c/],
  [{ kind: 'adopt-collection', collection: 'c', owner }, ['qdrant update collection c'], /marker.*RagTenant/],
  [{ kind: 'record-generation', alias: 'a', collection: 'c', generation: 2, fingerprint: 'f', model: 'm', dimension: 4, distance: 'cosine' }, ['postgres create embedding generation c'], /generation 2, model m, fingerprint f/], // prettier-ignore
  [{ kind: 'create-tenant', tenant, collection: 'kb_shared' }, ['postgres create tenant acme'], /INSERT INTO selfrag.tenants: collection kb_shared/], // prettier-ignore
  [{ kind: 'take-tenant', tenant, from: { cluster: 'c', uid: 'x', name: 'RagTenant/other/acme' } }, ['postgres update tenant acme'], /from RagTenant\/other\/acme to RagTenant\/default\/acme/], // prettier-ignore
  [{ kind: 'update-tenant', tenant, changed: ['quotas'] }, ['postgres update tenant acme'], /SET quotas/],
  [{ kind: 'create-role', slug }, ['postgres create role of tenant_acme'], /NOLOGIN/],
  [{ kind: 'create-schema', slug, owner }, ['postgres create schema tenant_acme'], /AUTHORIZATION/],
  [{ kind: 'grant-schema', slug, missing: ['member'] }, ['postgres update schema tenant_acme'], /member/],
  [{ kind: 'mend-schema', schema: 'selfrag', slug: null, missing: [{ kind: 'index', table: 'jobs', name: 'i', wanted: 'CREATE INDEX i ON jobs …', found: 'missing' }, { kind: 'constraint', table: 'jobs', name: 'c', wanted: '', found: '' }] }, ['postgres update table selfrag.jobs', 'postgres update table selfrag.jobs'], /ADD CONSTRAINT c/], // prettier-ignore
  [{ kind: 'revoke-grants', slug, grants: [{ object: 'schema x', grantee: 'spy', rights: 'USAGE', revoke: 'REVOKE ALL ON SCHEMA x FROM spy', revokedBy: 'tenant' }] }, ['postgres update schema x'], /^REVOKE ALL ON SCHEMA x FROM spy$/], // prettier-ignore
  [
    { kind: 'migrate-tenant-schema', slug, from: null, to: '001', target: null },
    ['postgres update schema tenant_acme'],
    /up to 001/,
  ],
  [{ kind: 'create-knowledge-base', slug, knowledgeBase }, ['postgres create knowledge base acme/handbook'], /INSERT INTO tenant_acme.knowledge_bases/], // prettier-ignore
  [{ kind: 'update-knowledge-base', slug, knowledgeBase, changed: ['chunking'] }, ['postgres update knowledge base acme/handbook'], /UPDATE chunking/], // prettier-ignore
  [{ kind: 'release-knowledge-base', slug, name: 'handbook' }, ['postgres update knowledge base acme/handbook'], /no longer declared/], // prettier-ignore
  [{ kind: 'mint-key', slug, key: keyNamed('app', { role: 'write' }), replaces: ['x'], why: 'old' }, ['kubernetes create Secret/acme-app-key', 'postgres create API key acme/app'], /role write, all knowledge bases; the one before works for another 3600 s/], // prettier-ignore
  [{ kind: 'register-key', slug, key: keyNamed('app', { knowledgeBases: ['handbook'] }), replaces: [] }, ['postgres create API key acme/app'], /role read, knowledge bases handbook$/], // prettier-ignore
  [{ kind: 'update-key', slug, key: keyNamed('app'), id: '1', changed: ['role'] }, ['postgres update API key acme/app'], /role/], // prettier-ignore
  [{ kind: 'expire-keys', slug, ids: ['1'], at: new Date(0) }, ['postgres update API key acme/1 older'], /1970/],
  [{ kind: 'revoke-keys', slug, ids: ['1', '2'], why: 'lost' }, ['postgres update API key acme/2 of its'], /lost/],
  [{ kind: 'forget-secrets', slug, names: ['a', 'b'] }, ['kubernetes delete Secret/acme-a-key', 'kubernetes delete Secret/acme-b-key'], /key b/], // prettier-ignore
  [{ kind: 'release-tenant', slug, id: '1' }, ['postgres update tenant acme'], /all data stays/],
  [{ kind: 'disable-tenant', slug, id: '1', why: 'x' }, ['postgres update tenant acme'], /disabled/],
  [{ kind: 'archive-schema', ...archive }, ['postgres update schema tenant_acme'], /\(41 rows\): .* snapshot_1$/],
  [{ kind: 'archive-points', ...archive, collection: 'kb_shared' }, ['postgres create table snapshot_1.archived_points'], /from collection kb_shared \(7 points\)/], // prettier-ignore
  [{ kind: 'drop-archive', slug, tenantId: '1', archive: 'snapshot_1' }, ['postgres delete schema snapshot_1'], /DROP SCHEMA snapshot_1 CASCADE/], // prettier-ignore
  [{ kind: 'restore-schema', slug, archive: 'snapshot_1', owner }, ['postgres create schema tenant_acme'], /ALTER SCHEMA snapshot_1 RENAME TO tenant_acme/], // prettier-ignore
  [{ kind: 'drop-schema', slug, tenantId: '1' }, ['postgres delete schema tenant_acme'], /DROP SCHEMA tenant_acme CASCADE \(41 rows\)/], // prettier-ignore
  [{ kind: 'drop-role', slug }, ['postgres delete role of tenant_acme'], /DROP ROLE/],
  [{ kind: 'delete-points', slug, id: '1', collection: 'kb_shared' }, ['qdrant delete points in collection kb_shared'], /\(7 points\)/], // prettier-ignore
  [{ kind: 'delete-collection', alias: 'a', collection: 'kb_t_acme_g1', tenantId: '1' }, ['qdrant delete collection kb_t_acme_g1'], /DELETE .*\(9 points\)/], // prettier-ignore
  [{ kind: 'delete-tenant', slug, id: '1', collection: 'c', owner }, ['postgres delete tenant acme'], /\(5 rows\)/],
  [{ kind: 'restore-points', slug }, ['qdrant create points of tenant acme'], /DROP TABLE archived_points/],
  [{ kind: 'release-pipeline', owner }, ['postgres update schema selfrag'], /all data stays/],
  [{ kind: 'drop-control-schema' }, ['postgres delete schema selfrag'], /CASCADE.*\(5 rows\)/],
]

describe('steps in words', () => {
  for (const [step, changes, detail] of cases)
    it(`${step.kind}: ${changes.join(', ')}`, () => {
      expect(told(step).map(([change]) => change)).to.deep.equal(changes)
      expect(told(step).at(-1)?.[1]).to.match(detail)
    })

  it('name the engine that keeps the vectors, and no request of another one', () => {
    for (const [step] of cases)
      for (const [change, detail] of told(step, 'pgvector')) {
        expect(change).not.to.contain('qdrant')
        expect(detail).not.to.match(/\/collections/)
      }
  })

  it('say nothing of amounts that nobody has counted', () => {
    for (const [step] of cases)
      for (const { detail } of describeStep(step, words('qdrant', null)))
        expect(detail).not.to.match(/undefined|NaN|\(\d+ /)
  })
})
