import { expect } from 'chai'
import { summarizeProfile } from '../../bench/api/cpu-profile.ts'

const frame = (functionName: string, url = '') => ({ functionName, url, lineNumber: 9 })

describe('summary of a processor profile', () => {
  const profile = {
    nodes: [
      { id: 1, callFrame: frame('(root)'), children: [2, 3, 6] },
      { id: 2, callFrame: frame('(idle)') },
      { id: 3, callFrame: frame('retrieve', 'file:///x/api/services/retrieval.ts'), children: [4] },
      { id: 4, callFrame: frame('parse', 'file:///x/node_modules/zod/index.js'), children: [5] },
      { id: 5, callFrame: frame('(garbage collector)') },
      { id: 6, callFrame: frame('read', 'file:///x/node_modules/pg/lib/client.js') },
    ],
    samples: [2, 3, 4, 5, 6],
    timeDeltas: [9000, 1000, 2000, 3000, 4000],
  }
  const summary = summarizeProfile(profile)

  it('leaves idle time out, and tells packages and functions at the top', () => {
    expect(summary.busyMs).to.equal(10)
    expect(summary.places.map(({ where, ms }) => [where, ms])).to.deep.equal([
      ['pg', 4],
      ['(garbage collector)', 3],
      ['zod', 2],
      ['api/services/retrieval.ts', 1],
    ])
  })

  it('leaves out what was before it counts', () => {
    expect(summarizeProfile(profile, 12).busyMs).to.equal(9)
  })

  it('charges packages to the function of ours that called them', () => {
    expect(summary.own).to.deep.equal([
      { where: 'api/services/retrieval.ts:10  retrieve', ms: 6 },
      { where: 'no function of ours', ms: 4 },
    ])
  })
})
