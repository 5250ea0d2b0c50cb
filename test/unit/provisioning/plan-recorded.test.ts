import { expect } from 'chai'
import { describe, it } from 'mocha'
import { planPipeline } from '../../../api/provisioning/plan-pipeline.ts'
import { planTenant } from '../../../api/provisioning/plan-tenant.ts'
import { tenantMigrations } from '../../../api/stores/postgres/migrations/tenant/index.ts'
import { kinds, pipelineWith, tenantOf } from '../../support/provisioning.ts'
import { NOW, settledPipeline, settledTenant } from './observations.ts'

const pipeline = { ...pipelineWith('kb'), migrations: 'recorded' } as const
const tenant = { ...tenantOf(pipeline, 'acme'), migrations: 'recorded' } as const
const settled = settledTenant(pipeline, tenant)
const known = tenantMigrations.map(({ name }) => name)
const old = { known: [], floor: [] }

describe('provisioning where the image migrates', () => {
  it('never migrates a control schema, and says when it cannot work with the one that is there', () => {
    const observed = settledPipeline(pipeline)
    const old = { ...observed, control: { ...observed.control, applied: [] } }
    const plan = planPipeline(pipeline, old)
    expect(kinds(plan)).to.not.include('migrate-control-schema')
    expect(plan.obstacles[0]?.message).to.include('set spec.image to a newer one')
  })

  it('brings a new tenant to what the image works with, not to what the operator knows', () => {
    const fresh = { ...settled, schema: { ...settled.schema, applied: null } }
    const [step] = planTenant(tenant, fresh, NOW).steps
    expect(step).to.deep.include({ kind: 'migrate-tenant-schema', target: known })
    const older = { ...fresh, level: { image: 'old', tenant: [], schemas: { control: old, tenant: old } } }
    expect(kinds(planTenant(tenant, older, NOW))).to.not.include('migrate-tenant-schema')
  })

  it('leaves a tenant alone that a newer image has migrated', () => {
    const all = [...known, '999-of-a-newer-release']
    const newer = {
      ...settled,
      schema: { ...settled.schema, applied: all },
      level: { image: 'new', tenant: all, schemas: { control: old, tenant: { known: all, floor: known } } },
    }
    expect(planTenant(tenant, newer, NOW)).to.deep.equal({ steps: [], obstacles: [], drift: [] })
  })
})
