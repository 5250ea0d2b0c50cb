import { expect } from 'chai'
import { describe, it } from 'mocha'
import { planWithdrawal } from '../../../api/provisioning/plan-withdrawal.ts'
import type { TenantRow } from '../../../api/stores/postgres/rows.ts'

const owner = { cluster: 'c', uid: 'u', name: 'RagTenant/team/acme' }
const row = { id: 'id', slug: 'acme', owner, status: 'active' } as TenantRow

describe('planWithdrawal', () => {
  it('disables the tenant of this resource', () => {
    expect(planWithdrawal(owner, row).steps).to.deep.equal([
      {
        kind: 'disable-tenant',
        slug: 'acme',
        id: 'id',
        why: 'its pipeline takes no tenants from its namespace any more',
      },
    ])
  })

  for (const [what, found] of [
    ['that is disabled already', { ...row, status: 'disabled' }],
    ['of somebody else', { ...row, owner: { ...owner, uid: 'another' } }],
    ['that there is none of', null],
  ] as [string, TenantRow | null][])
    it(`leaves a tenant alone ${what}`, () => {
      expect(planWithdrawal(owner, found)).to.deep.equal({ steps: [], obstacles: [], drift: [] })
    })
})
