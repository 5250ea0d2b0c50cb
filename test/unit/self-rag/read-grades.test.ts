import { expect } from 'chai'
import { describe, it } from 'mocha'
import {
  readDecision,
  readDraftGrades,
  readPassageGrades,
  readQuery,
} from '../../../api/answering/self-rag/read-grades.ts'

describe('what a model says in JSON', () => {
  it('is read out of the prose and the fences around it', () => {
    expect(readDecision('Sure!\n```json\n{"retrieve": false}\n```')).to.equal(false)
    expect(readQuery('{"query": " other words "}')).to.equal('other words')
  })

  it('means to retrieve, and no other query, when it cannot be read', () => {
    for (const text of ['', 'no', '{"retrieve": "no"}', '{"retrieve":']) expect(readDecision(text), text).to.equal(true)
    for (const text of ['', '{"query": ""}', '[]']) expect(readQuery(text), text).to.equal(null)
  })
})

describe('grades of passages', () => {
  const read = (text: string) => {
    const { value, fault } = readPassageGrades(text, [1, 4])
    return [Object.fromEntries(value), fault] as const
  }

  it('are read by the numbers of the sources', () => {
    const text = '{"passages": [{"id": 4, "relevance": "irrelevant"}, {"id": "1", "relevance": "relevant"}]}'
    expect(read(text)).to.deep.equal([{ 1: 'relevant', 4: 'irrelevant' }, null])
  })

  it('of sources that there are none of are a fault, and change nothing', () => {
    const [grades, fault] = read(
      '{"passages": [{"id": 1, "relevance": "partial"}, {"id": 9, "relevance": "relevant"}]}',
    )
    expect(grades).to.deep.equal({ 1: 'partial', 4: 'ungraded' })
    expect(fault).to.equal('there is no 9')
  })

  it('that are missing, or that no scale has, are a fault too', () => {
    expect(read('{"passages": [{"id": 1, "relevance": "partial"}]}')[1]).to.equal('4 has no grade')
    for (const text of ['{}', 'none', '{"passages": [{"id": 1, "relevance": "great"}]}', '{"passages"'])
      expect(read(text)[0], text).to.deep.equal({ 1: 'ungraded', 4: 'ungraded' })
    expect(read('{}')[1]).to.contain('passages')
  })
})

describe('grades of a draft', () => {
  it('are support of each sentence and usefulness', () => {
    const text = '{"sentences": [{"id": "S2", "support": "none"}, {"id": "S1", "support": "full"}], "usefulness": 4}'
    expect(readDraftGrades(text, 2)).to.deep.equal({ value: { support: ['full', 'none'], usefulness: 4 }, fault: null })
  })

  it('are no grades when they are of other sentences or off the scale', () => {
    expect(readDraftGrades('{"sentences": [{"id": "S7", "support": "full"}], "usefulness": 4}', 1).fault).to.equal('there is no S7') // prettier-ignore
    const off = readDraftGrades('{"sentences": [{"id": "S1", "support": "full"}], "usefulness": 6}', 1)
    expect(off.value).to.deep.equal({ support: ['ungraded'], usefulness: null })
    expect(off.fault).to.contain('usefulness')
  })
})
