import { expect } from 'chai'
import { describe, it } from 'mocha'
import { type Plan, type Step, type StoreDrift } from '../../../api/provisioning/steps.ts'
import { driftMessage, underPolicy } from '../../../operator/plan/drift-policy.ts'

const index: Step = { kind: 'create-payload-index', collection: 'kb_shared_g1', index: 'tenant_id', tenancy: 'shared', replaces: null } // prettier-ignore
const newBase: Step = { kind: 'create-knowledge-base', slug: 'acme', knowledgeBase: { name: 'new', description: '', chunking: {}, retrieval: {} } } // prettier-ignore
/** Of the same collection, and asked for by the spec. */
const graph: Step = { kind: 'tune-collection', collection: 'kb_shared_g1', tuning: { hnsw: { m: 24, efConstruct: 100, fullScanThreshold: 10 } }, part: 'hnsw' } // prettier-ignore
const drift = (...repair: Step[]): StoreDrift => ({ object: 'collection kb_shared_g1', field: 'payload index tenant_id', wanted: 'present', found: 'missing', repair }) // prettier-ignore
const plan = (steps: Plan['steps'], ...found: Plan['drift']): Plan => ({ steps, obstacles: [], drift: found })

describe('drift policy', () => {
  const missingIndex = drift(index)

  it('Enforce repairs', () => {
    const decision = underPolicy(plan([index], missingIndex), 'Enforce')
    expect(decision).to.deep.equal({ steps: [index], repaired: [missingIndex], left: [] })
  })

  for (const policy of ['Warn', 'Ignore'] as const)
    it(`${policy} leaves what drifted and still does what the spec newly asks for, of the same thing too`, () => {
      const decision = underPolicy(plan([index, graph, newBase], missingIndex), policy)
      expect(decision).to.deep.equal({ steps: [graph, newBase], repaired: [], left: [missingIndex] })
    })

  it('Enforce counts nothing as repaired whose steps wait for something else', () => {
    expect(underPolicy(plan([newBase], missingIndex), 'Enforce')).to.deep.equal({ steps: [newBase], repaired: [], left: [missingIndex] }) // prettier-ignore
  })

  for (const policy of ['Enforce', 'Warn', 'Ignore'] as const) {
    it(`${policy} does what is no drift: creation that was interrupted`, () => {
      expect(underPolicy(plan([index]), policy)).to.deep.equal({ steps: [index], repaired: [], left: [] })
    })

    it(`${policy} leaves what no step repairs`, () => {
      const lost = { ...drift(), remedy: 'restore it' }
      expect(underPolicy(plan([newBase], lost), policy)).to.deep.equal({ steps: [newBase], repaired: [], left: [lost] })
    })
  }

  it('is told in few words, with what a person has to do', () => {
    const many = Array.from({ length: 20 }, () => ({ ...drift(), found: 'x'.repeat(9_000), remedy: 'run this' }))
    expect(driftMessage(many)).to.match(/wanted present \(run this\); .*; and 12 more$/)
    expect(driftMessage(many).length).to.be.lessThan(4_000)
  })
})
