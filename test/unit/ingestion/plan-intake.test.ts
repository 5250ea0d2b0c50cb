import { expect } from 'chai'
import { describe, it } from 'mocha'
import { checkText, type IncomingDocument } from '../../../api/services/documents/check-input.ts'
import { IntakePlan, type KnownDocument } from '../../../api/services/documents/plan-intake.ts'

const unlimited = { documents: Infinity, bytes: Infinity }
const text = (content: string, more: object = {}): IncomingDocument => checkText({ content, ...more })
const known = (content: string, changes: Partial<KnownDocument> = {}): KnownDocument => ({
  id: 'known',
  contentHash: text(content).contentHash,
  externalId: null,
  title: '',
  metadata: {},
  sizeBytes: content.length,
  revision: 1,
  status: 'ready',
  jobId: 'job',
  ...changes,
})

describe('planning an intake', () => {
  it('inserts what is new', () => {
    const action = new IntakePlan([], unlimited).decide(text('a', { title: 'A', externalId: 'x' }))
    expect(action).to.include({ kind: 'insert' })
    expect(action).to.have.nested.property('document.externalId', 'x')
  })

  it('knows content again, whatever its external id', () => {
    const plan = new IntakePlan([known('a', { externalId: 'x' })], unlimited)
    expect(plan.decide(text('a'))).to.include({ kind: 'duplicate', resume: false })
    expect(plan.decide(text('a', { externalId: 'y' }))).to.include({ kind: 'duplicate' })
  })

  it('tries a failed document again', () => {
    const plan = new IntakePlan([known('a', { status: 'failed' })], unlimited)
    expect(plan.decide(text('a'))).to.include({ kind: 'duplicate', resume: true })
  })

  it('revises what has a known external id and new content', () => {
    const plan = new IntakePlan([known('a', { externalId: 'x', revision: 3 })], unlimited)
    const action = plan.decide(text('b', { externalId: 'x' }))
    expect(action).to.include({ kind: 'revise' })
    expect(action).to.have.nested.property('document.id', 'known')
    expect(action).to.have.nested.property('document.revision', 4)
    expect(plan.decide(text('a'))).to.include({ kind: 'insert' })
  })

  it('revises the same content when its metadata or title changed, as filters look at them', () => {
    const here = () =>
      new IntakePlan([known('a', { externalId: 'x', title: 'T', metadata: { b: 1, a: [2] } })], unlimited)
    expect(here().decide(text('a', { externalId: 'x', metadata: { a: [2], b: 1 } }))).to.include({ kind: 'duplicate' })
    expect(here().decide(text('a', { externalId: 'x', metadata: { a: [2], b: 2 } }))).to.include({ kind: 'revise' })
    expect(here().decide(text('a', { externalId: 'x', metadata: { a: [2], b: 1 }, title: 'U' }))).to.include({ kind: 'revise' }) // prettier-ignore
  })

  it('gives the document that has the content when another one has the external id', () => {
    const plan = new IntakePlan([known('a', { id: 'one' }), known('b', { id: 'two', externalId: 'x' })], unlimited)
    const action = plan.decide(text('a', { externalId: 'x' }))
    expect(action).to.include({ kind: 'duplicate' })
    expect(action).to.have.nested.property('document.id', 'one')
  })

  it('sees what the same request brought before', () => {
    const plan = new IntakePlan([], unlimited)
    plan.decide(text('a', { externalId: 'x' }))
    expect(plan.decide(text('a'))).to.include({ kind: 'duplicate' })
    expect(plan.decide(text('b', { externalId: 'x' }))).to.include({ kind: 'revise' })
  })

  it('takes from the room, and gives back what a revision frees', () => {
    const plan = new IntakePlan([known('12345', { externalId: 'x' })], { documents: 1, bytes: 2 })
    expect(plan.decide(text('123'))).to.deep.equal({ kind: 'full', quota: 'bytes' })
    expect(plan.decide(text('1', { externalId: 'x' }))).to.include({ kind: 'revise' })
    expect(plan.decide(text('123456'))).to.include({ kind: 'insert' })
    expect(plan.decide(text('7'))).to.deep.equal({ kind: 'full', quota: 'documents' })
    expect(plan.decide(text('123456'))).to.include({ kind: 'duplicate' })
  })

  it('lets a document shrink that is over its quota', () => {
    const plan = new IntakePlan([known('12345', { externalId: 'x' })], { documents: -3, bytes: -100 })
    expect(plan.decide(text('1', { externalId: 'x' }))).to.include({ kind: 'revise' })
  })
})
