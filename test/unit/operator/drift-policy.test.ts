import { expect } from 'chai'
import { describe, it } from 'mocha'
import { type Plan } from '../../../api/provisioning/steps.ts'
import { hasSettled, underPolicy } from '../../../operator/plan/drift-policy.ts'

const index = {
  kind: 'create-payload-index',
  collection: 'kb_shared_g1',
  index: 'tenant_id',
  tenancy: 'shared',
} as const
const newBase = { kind: 'create-knowledge-base', slug: 'acme', knowledgeBase: { name: 'new', description: '', chunking: {}, retrieval: {} } } as const // prettier-ignore
const grant = { kind: 'grant-schema', slug: 'acme', missing: ['member'] } as const
const drift = (object: string, field: string) => ({ object, field, wanted: 'present', found: 'missing' })
const plan = (steps: Plan['steps'], ...found: Plan['drift']): Plan => ({ steps, obstacles: [], drift: found })

describe('drift policy', () => {
  const missingIndex = drift('collection kb_shared_g1', 'payload index tenant_id')

  it('Enforce repairs', () => {
    const decision = underPolicy(plan([index], missingIndex), 'Enforce', true)
    expect(decision).to.deep.equal({ steps: [index], repaired: [missingIndex], left: [] })
  })

  for (const policy of ['Warn', 'Ignore'] as const) {
    it(`${policy} leaves what drifted and still does what the spec newly asks for`, () => {
      const decision = underPolicy(plan([index, newBase], missingIndex), policy, true)
      expect(decision).to.deep.equal({ steps: [newBase], repaired: [], left: [missingIndex] })
    })

    it(`${policy} leaves a role's rights`, () => {
      const missing = drift('role tenant_acme_1234567', 'member')
      expect(underPolicy(plan([grant, newBase], missing), policy, true).steps).to.deep.equal([newBase])
    })

    it(`${policy} changes nothing of a tenant whose schema is gone`, () => {
      const lost = drift('schema tenant_acme', 'existence')
      expect(underPolicy(plan([newBase], lost), policy, true).steps).to.deep.equal([])
    })

    it(`${policy} finishes what was begun: before all was as desired once, nothing is drift`, () => {
      const decision = underPolicy(plan([index], missingIndex), policy, false)
      expect(decision).to.deep.equal({ steps: [index], repaired: [], left: [] })
    })
  }
})

describe('whether a resource has settled', () => {
  const condition = (type: string, status: 'True' | 'False', observedGeneration: number, reason = 'X') => ({
    type,
    status,
    observedGeneration,
    reason,
    message: '',
    lastTransitionTime: '2026-05-01T00:00:00Z',
  })

  it('is so when every area was as desired for this generation', () => {
    const conditions = [condition('A', 'True', 2), condition('B', 'True', 2)]
    expect(hasSettled({ conditions }, 2, ['A', 'B'])).to.equal(true)
    expect(hasSettled({ conditions }, 3, ['A', 'B']), 'the spec has changed since').to.equal(false)
    expect(hasSettled({ conditions }, 2, ['A', 'C']), 'never looked at').to.equal(false)
    expect(hasSettled({}, 1, ['A'])).to.equal(false)
  })

  it('stays so while drift is left as it is', () => {
    expect(hasSettled({ conditions: [condition('A', 'False', 2, 'Drifted')] }, 2, ['A'])).to.equal(true)
    expect(hasSettled({ conditions: [condition('A', 'False', 2, 'Unreachable')] }, 2, ['A'])).to.equal(false)
  })
})
