import { expect } from 'chai'
import { describe, it } from 'mocha'
import { planIntegrity } from '../../../api/provisioning/plan-integrity.ts'
import { planPipeline } from '../../../api/provisioning/plan-pipeline.ts'
import { tenantStructure } from '../../../api/stores/postgres/migrations/tenant/structure.ts'
import { compareStructure, type SchemaStructure } from '../../../api/stores/postgres/schema-structure.ts'
import { kinds, pipelineWith } from '../../support/provisioning.ts'
import { settledPipeline } from './observations.ts'

const { chunks } = tenantStructure
if (!chunks) throw new Error('there is no table chunks any more; take another')
const withChunks = (changes: Partial<typeof chunks>): SchemaStructure => ({ ...tenantStructure, chunks: { ...chunks, ...changes } }) // prettier-ignore
const without = (record: Readonly<Record<string, string>>, name: string) =>
  Object.fromEntries(Object.entries(record).filter(([key]) => key !== name))

describe('the structure of a schema', () => {
  const cases: [what: string, found: SchemaStructure, differences: string[]][] = [
    ['as it was made', tenantStructure, []],
    [
      'with more than was made',
      { ...withChunks({ columns: { ...chunks.columns, extra: 'text' } }), extra: chunks },
      [],
    ],
    ['without a table', Object.fromEntries(Object.entries(tenantStructure).filter(([name]) => name !== 'chunks')), ['table chunks missing']], // prettier-ignore
    ['without a column', withChunks({ columns: without(chunks.columns, 'text') }), ['column text missing']],
    ['with a column of another type', withChunks({ columns: { ...chunks.columns, text: 'bytea' } }), ['column text bytea']], // prettier-ignore
    ['without an index', withChunks({ indexes: {} }), ['index chunks_kb missing']],
    ['with another index of that name', withChunks({ indexes: { chunks_kb: 'CREATE INDEX chunks_kb ON chunks USING hash (id)' } }), ['index chunks_kb CREATE INDEX chunks_kb ON chunks USING hash (id)']], // prettier-ignore
    ['without a foreign key', withChunks({ constraints: without(chunks.constraints, 'chunks_document_id_fkey') }), ['constraint chunks_document_id_fkey missing']], // prettier-ignore
    ['with a constraint that is spelled otherwise', withChunks({ constraints: { ...chunks.constraints, chunks_pkey: 'PRIMARY KEY(id)' } }), []], // prettier-ignore
  ]
  for (const [what, found, differences] of cases)
    it(what, () => {
      const told = compareStructure(tenantStructure, found).map(one => `${one.kind} ${one.name} ${one.found}`)
      expect(told).to.deep.equal(differences)
    })
})

const difference = (kind: 'table' | 'column' | 'constraint' | 'index', name: string) => ({ kind, table: 'chunks', name, wanted: 'text', found: 'missing' }) // prettier-ignore
const grant = (revokedBy: 'tenant' | 'product' | null) => ({ object: 'table selfrag.tenants', grantee: 'PUBLIC', rights: 'SELECT', revoke: 'REVOKE ALL ON TABLE selfrag.tenants FROM PUBLIC', revokedBy }) // prettier-ignore
const plan = (structure: ReturnType<typeof difference>[], grants: ReturnType<typeof grant>[] = []) =>
  planIntegrity({ schema: 'tenant_acme', slug: 'acme', structure, grants }, 'tenant')

describe('provisioning/plan-integrity', () => {
  it('mends in one step what holds no data', () => {
    const { steps, drift, obstacles } = plan([difference('index', 'i'), difference('constraint', 'c')])
    expect(steps.map(({ kind }) => kind)).to.deep.equal(['mend-schema'])
    expect(drift.map(({ object, field, repair }) => [object, field, repair])).to.deep.equal([
      ['table tenant_acme.chunks', 'index i', steps],
      ['table tenant_acme.chunks', 'constraint c', steps],
    ])
    expect(obstacles).to.deep.equal([])
  })

  it('never makes an empty table or column in place of one that is gone, and does nothing else there', () => {
    const { steps, drift, obstacles } = plan([difference('table', 'chunks'), difference('column', 'text'), difference('index', 'i')], [grant('tenant')]) // prettier-ignore
    expect(steps).to.deep.equal([])
    expect(obstacles[0]).to.include({ reason: 'Unrepairable', area: 'tenant' })
    expect(obstacles[0]?.message).to.contain('the tables chunks and the columns chunks.text (missing, wanted text); restore') // prettier-ignore
    expect(drift.map(({ field, repair, remedy }) => [field, repair.length, remedy?.includes('backup')])).to.deep.equal([
      ['existence', 0, true],
      ['column text', 0, true],
    ])
  })

  it('takes away what it may, and says who can take away the rest', () => {
    const { steps, drift } = plan([], [grant('product'), grant(null)])
    expect(steps).to.deep.equal([{ kind: 'revoke-grants', slug: 'acme', grants: [grant('product')] }])
    expect(drift.map(({ repair, remedy }) => [repair.length, remedy])).to.deep.equal([
      [1, undefined],
      [0, `as a superuser, or as the role that gave them, run: ${grant(null).revoke}`],
    ])
  })
})

describe('provisioning/plan-pipeline, of a control schema that somebody meddled with', () => {
  const desired = pipelineWith('kb')
  const settled = settledPipeline(desired)
  const withIntegrity = (changes: Partial<typeof settled.integrity>) =>
    planPipeline(desired, { ...settled, integrity: { ...settled.integrity, ...changes } })

  it('mends indexes and takes rights of everybody away', () => {
    const { steps, drift } = withIntegrity({ structure: [difference('index', 'i')], grants: [grant('product')] })
    expect(steps.map(({ kind }) => kind)).to.deep.equal(['mend-schema', 'revoke-grants'])
    expect(drift.map(({ field }) => field)).to.deep.equal(['index i', 'rights of PUBLIC'])
  })

  it('does nothing while it has lost a table', () => {
    const result = withIntegrity({ structure: [difference('table', 'jobs')] })
    expect(kinds(result)).to.deep.equal([])
    expect(result.obstacles[0]).to.include({ reason: 'Unrepairable', area: 'database' })
    expect(result.drift).to.have.length(1)
  })

  it('says how to give back what belongs to another role', () => {
    const foreign = [{ object: 'table selfrag.tenants', owner: 'dba', giveBack: 'ALTER TABLE selfrag.tenants OWNER TO app' }] // prettier-ignore
    const result = withIntegrity({ foreign })
    expect(result.steps).to.deep.equal([])
    expect(result.obstacles[0]?.message).to.contain('belongs to the role dba; as that role run: ALTER TABLE')
    expect(result.drift[0]).to.include({ object: 'table selfrag.tenants', field: 'owner', found: 'dba' })
  })
})
