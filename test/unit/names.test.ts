import { expect } from 'chai'
import { describe, it } from 'mocha'
import * as names from '../../api/contract/names.ts'

describe('contract/names', () => {
  it('derives schema, role and collections from a slug', () => {
    expect(names.tenantSchema('acme-eu')).to.equal('tenant_acme_eu')
    expect(names.tenantRole('acme-eu')).to.equal('tenant_acme_eu')
    expect(names.sharedCollection('prod_')).to.equal('prod_shared')
    expect(names.dedicatedCollection('prod', 'acme-eu')).to.equal('prod_t_acme_eu')
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
