import { expect } from 'chai'
import { describe, it } from 'mocha'
import * as names from '../../api/contract/names.ts'

describe('contract/names', () => {
  it('derives schema, role and collections from a slug', () => {
    expect(names.tenantSchema('acme-eu')).to.equal('tenant_acme_eu')
    expect(names.tenantRole('acme-eu', 'selfrag')).to.equal('tenant_acme_eu_dcdb1f8')
    expect(names.sharedCollection('prod_')).to.equal('prod_shared')
    expect(names.dedicatedCollection('prod', 'acme-eu')).to.equal('prod_t_acme_eu')
  })

  it('gives tenants of two databases on one server different roles, within 63 bytes', () => {
    const slug = 'a'.repeat(48)
    expect(names.tenantRole(slug, 'one')).not.to.equal(names.tenantRole(slug, 'two'))
    expect(names.tenantRole(slug, 'one')).to.have.length(63)
  })

  it('refuses slugs that are no identifiers', () => {
    for (const slug of ['', 'A', '1a', 'a_b', 'a-', 'a"; DROP', '../x', 'a'.repeat(49)])
      expect(() => names.tenantSchema(slug), slug).to.throw(RangeError)
  })

  it('tells generations of one alias from other collections', () => {
    expect(names.generationOf('kb_shared', names.generationName('kb_shared', 12))).to.equal(12)
    expect(names.generationOf('kb_shared', 'kb_shared_g0')).to.equal(null)
    expect(names.generationOf('kb_shared', 'other_shared_g1')).to.equal(null)
  })
})
