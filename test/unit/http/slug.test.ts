import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { isSlug } from '../../../api/contract/names.ts'
import { slugOf } from '../../../api/services/slug.ts'

describe('slugOf', () => {
  const known = {
    'default-tenant': 'default-tenant',
    'Default Tenant': 'default-tenant',
    '  Ünïcödé & Söhne GmbH ': 'unicode-sohne-gmbh',
    '3M': 'm',
    'a_b': 'a-b',
    "x'; DROP SCHEMA selfrag; --": 'x-drop-schema-selfrag',
    '../../etc/passwd': 'etc-passwd',
  } // prettier-ignore
  for (const [name, slug] of Object.entries(known))
    it(`${JSON.stringify(name)} → ${slug}`, () => expect(slugOf(name)).to.equal(slug))

  it('gives names without Latin letters a slug of their own, always the same', () => {
    expect(slugOf('租户')).to.match(/^t-[0-9a-f]{12}$/)
    expect(slugOf('租户')).to.equal(slugOf('租户'))
    expect(slugOf('租户')).not.to.equal(slugOf('用户'))
  })

  it('gives a slug for any name', () => {
    const anyName = fc.string({ unit: 'binary', maxLength: 200 })
    fc.assert(
      fc.property(anyName, name => isSlug(slugOf(name))),
      { seed: 7, numRuns: 500 },
    )
  })
})
