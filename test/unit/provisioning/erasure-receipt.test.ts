import { expect } from 'chai'
import { describe, it } from 'mocha'
import { describeReceipt, receiptOf } from '../../../api/provisioning/erasure-receipt.ts'

type Entry = Parameters<typeof receiptOf>[0][number]

const entry = (action: string, detail: Record<string, unknown> = {}): Entry => ({ action, detail })
const counted = (points: number) => entry('count-points', { points })
const deleted = (points: number) => entry('delete-points', { points })

describe('receiptOf', () => {
  it('adds up rows, points and snapshots of all steps', () => {
    const entries = [
      entry('disable-tenant'),
      entry('drop-schema', { rows: 5 }),
      entry('drop-archive', { rows: 3 }),
      counted(7),
      deleted(7),
      entry('delete-tenant', { rows: 2 }),
    ]
    expect(receiptOf(entries)).to.deep.equal({ rows: 10, points: 7, snapshots: 1, kept: null })
  })

  const cases: [what: string, entries: Entry[], points: number][] = [
    ['nothing', [], 0],
    ['a process that died before it deleted, and began again', [counted(7), counted(7), deleted(7)], 7],
    ['one that died after it deleted, so that nothing was left to delete', [counted(7)], 7],
    ['one that died half-way through', [counted(7), counted(4), deleted(4)], 7],
    ['points that a worker stored after the others were gone', [counted(7), deleted(7), counted(2), deleted(2)], 9],
    ['a collection of its own', [counted(9), entry('delete-collection', { points: 9 })], 9],
    ['a collection that was empty by then', [counted(7), deleted(7), entry('delete-collection', { points: 0 })], 7],
  ]
  for (const [what, entries, points] of cases)
    it(`counts each point once: ${what}`, () => {
      expect(receiptOf(entries).points).to.equal(points)
    })

  it('tells what was kept, with the last count of a copy that was begun twice', () => {
    const entries = [
      entry('archive-schema', { schema: 'snapshot_1', rows: 4 }),
      entry('archive-points', { schema: 'snapshot_1', points: 3 }),
      entry('archive-points', { schema: 'snapshot_1', points: 7 }),
      counted(7),
      deleted(7),
      entry('delete-tenant', { rows: 2 }),
    ]
    const receipt = receiptOf(entries)
    expect(receipt).to.deep.equal({ rows: 2, points: 7, snapshots: 0, kept: { schema: 'snapshot_1', rows: 4, points: 7 } }) // prettier-ignore
    expect(describeReceipt(receipt)).to.equal(
      'kept 4 rows and 7 points in schema snapshot_1; erased 2 rows, 7 points and 0 snapshots; counted again after that, nothing is left elsewhere',
    )
  })

  it('does not trust what is no number', () => {
    expect(receiptOf([entry('drop-schema', { rows: '5' }), entry('drop-schema')])).to.include({ rows: 0 })
  })
})
