import { expect } from 'chai'
import { describe, it } from 'mocha'
import { changedFindings, type Condition, setConditions } from '../../../operator/runtime/conditions.ts'

const noon = new Date('2026-05-01T12:00:00.500Z')
const later = new Date('2026-05-01T13:00:00Z')
const ready: Condition = {
  type: 'Ready',
  status: 'True',
  observedGeneration: 1,
  lastTransitionTime: '2026-05-01T12:00:00Z',
  reason: 'AsDesired',
  message: 'all is well',
}

describe('conditions', () => {
  it('adds a condition with generation and time, in whole seconds', () => {
    const finding = { type: 'Ready', status: 'True', reason: 'AsDesired', message: 'all is well' } as const
    expect(setConditions([], [finding], 1, noon)).to.deep.equal([ready])
  })

  it('keeps the time while the status stays, whatever else changes', () => {
    const finding = { type: 'Ready', status: 'True', reason: 'Other', message: 'still well' } as const
    expect(setConditions([ready], [finding], 2, later)).to.deep.equal([
      { ...ready, observedGeneration: 2, reason: 'Other', message: 'still well' },
    ])
  })

  it('moves the time when the status changes', () => {
    const finding = { type: 'Ready', status: 'False', reason: 'Broken', message: 'no' } as const
    expect(setConditions([ready], [finding], 1, later)[0]?.lastTransitionTime).to.equal('2026-05-01T13:00:00Z')
  })

  it('gives an equal list for equal findings, so that nothing is written', () => {
    expect(setConditions([ready], [ready], 1, later)).to.deep.equal([ready])
  })

  it('leaves conditions of others and their order alone', () => {
    const foreign = { ...ready, type: 'Foreign' }
    const finding = { type: 'Ready', status: 'True', reason: 'AsDesired', message: 'all is well' } as const
    expect(setConditions([foreign, ready], [finding], 1, later).map(({ type }) => type)).to.deep.equal([
      'Foreign',
      'Ready',
    ])
  })

  it('tells what is worth an Event: a new status or reason, not a new wording', () => {
    const finding = { type: 'Ready', status: 'True', reason: 'AsDesired', message: 'other words' } as const
    expect(changedFindings([ready], [finding])).to.deep.equal([])
    expect(changedFindings([ready], [{ ...finding, reason: 'New' }])).to.have.length(1)
    expect(changedFindings([], [finding])).to.have.length(1)
  })
})
