import { expect } from 'chai'
import { describe, it } from 'mocha'
import { type Situation, choose } from '../../../api/retrieval/auto.ts'

const chosen = (situation: Partial<Situation>) =>
  choose({ query: 'How long are keys valid?', embeddings: 'usable', parents: false, ...situation })

describe('auto', () => {
  it('searches words and meaning for a question', () => {
    expect(chosen({})).to.deep.equal({ retriever: 'hybrid', reason: 'the query is in words' })
  })

  it('gives parents where documents have them', () => {
    expect(chosen({ parents: true }).retriever).to.equal('parent_document')
  })

  it('searches words alone without embeddings, also where there are parents', () => {
    expect(chosen({ embeddings: 'absent', parents: true }).retriever).to.equal('bm25')
  })

  it('lets the fused retrievers refuse vectors that cannot be compared', () => {
    expect(chosen({ embeddings: 'mismatch' }).retriever).to.equal('hybrid')
    expect(chosen({ embeddings: 'mismatch', query: 'ZX-4711/b' }).retriever).to.equal('hybrid')
  })

  for (const query of ['ZX-4711/b', '"ERR_OVERFLOW"', 'CVE-2024-3094', 'snake_case_name2 ZX-12'])
    it(`looks for the code ${query} by words, and by both where there is none`, () => {
      expect(chosen({ query })).to.deep.include({ retriever: 'bm25', otherwise: 'hybrid' })
      expect(chosen({ query, parents: true }).otherwise).to.equal('parent_document')
    })

  for (const query of ['2024', 'keys', 'What is ZX-4711/b?', '密钥多少天过期', 'v2 of the api', ''])
    it(`takes ${JSON.stringify(query)} for words`, () => {
      expect(chosen({ query }).retriever).to.equal('hybrid')
    })
})
