import { expect } from 'chai'
import { describe, it } from 'mocha'
import { type Outcome, advance, briefing } from '../../../api/answering/self-rag/advance.ts'
import { conclusion } from '../../../api/answering/self-rag/draft-quality.ts'
import { exhausted, mostSelfRag } from '../../../api/answering/self-rag/limits.ts'
import {
  type Relevance,
  type SelfRagState,
  type Support,
  startOf,
  usable,
} from '../../../api/answering/self-rag/state.ts'

const citation = { index: 1, chunkId: 'c', documentId: 'd', span: { start: 0, end: 1 } }
const written = (...sentences: string[]): Outcome => ({
  phase: 'generate',
  draft: { answer: { text: sentences.join(' '), citations: [citation] }, sentences },
})
const found = (...fresh: number[]): Outcome => ({ phase: 'retrieve', fresh })
const relevance = (...grades: Relevance[]): Outcome => ({
  phase: 'grade_passages',
  grades: new Map(grades.map((grade, place) => [place + 1, grade])),
})
const graded = (usefulness: number | null, ...support: Support[]): Outcome => ({
  phase: 'grade_draft',
  support,
  usefulness,
})
const rewritten = (query: string | null): Outcome => ({ phase: 'rewrite', query })
const retrieve: Outcome = { phase: 'decide', retrieve: true }

/** The state after these outcomes; each must be of the phase that was next. */
function after(...outcomes: Outcome[]): SelfRagState {
  return outcomes.reduce((state, outcome) => {
    expect(outcome.phase).to.equal(state.phase)
    return advance(state, outcome, mostSelfRag)
  }, startOf('When?'))
}
const status = (state: SelfRagState, stopped = false) => conclusion(state, stopped).answer.status

describe('the loop of Self-RAG', () => {
  it('begins with whether to retrieve', () => {
    expect(startOf('When?').phase).to.equal('decide')
    expect(after(retrieve).phase).to.equal('retrieve')
    const replied = after({ phase: 'decide', retrieve: false }, { phase: 'reply', text: 'Hello!' })
    expect(replied.phase).to.equal('done')
    expect(conclusion(replied, false).answer).to.deep.equal({ text: 'Hello!', status: 'insufficient_evidence', citations: [] }) // prettier-ignore
  })

  it('is done when every sentence is supported and the answer is useful', () => {
    const state = after(retrieve, found(1), relevance('relevant'), written('It is so.'), graded(5, 'full'))
    expect(state.phase).to.equal('done')
    expect(status(state)).to.equal('supported')
  })

  it('writes from what is relevant, what may help and what nobody could grade', () => {
    const state = after(retrieve, found(1, 2, 3, 4), relevance('irrelevant', 'partial', 'relevant', 'ungraded'))
    expect([state.phase, usable(state)]).to.deep.equal(['generate', [2, 3, 4]])
    for (const grade of ['partial', 'ungraded'] as const) expect(after(retrieve, found(1), relevance(grade)).phase).to.equal('generate') // prettier-ignore
  })

  it('searches in other words when nothing that was found is about the question', () => {
    for (const nothing of [[found()], [found(1), relevance('irrelevant')]])
      expect(after(retrieve, ...nothing).phase).to.equal('rewrite')
    const state = after(retrieve, found(), rewritten('Since when?'))
    expect(state).to.deep.include({ phase: 'retrieve', query: 'Since when?', question: 'When?', wide: false })
  })

  it('asks for more results, once, when the other words are those that were tried', () => {
    for (const query of ['when', ' WHEN?! ', null]) {
      const state = after(retrieve, found(), rewritten(query))
      expect(state).to.deep.include({ phase: 'retrieve', query: 'When?', wide: true })
    }
    expect(after(retrieve, found(), rewritten(null), found(), rewritten('when')).phase).to.equal('done')
  })

  it('ends after three retrievals, saying that it found nothing', () => {
    const state = after(retrieve, found(), rewritten('a'), found(), rewritten('b'), found())
    expect(state.phase).to.equal('done')
    expect(state.queries).to.deep.equal(['When?', 'a', 'b'])
    expect(status(state)).to.equal('insufficient_evidence')
  })

  it('searches again when the model says that the sources do not answer', () => {
    const none: Outcome = { phase: 'generate', draft: null }
    expect(after(retrieve, found(1), relevance('partial'), none).phase).to.equal('rewrite')
  })

  it('judges a further retrieval by what is new in it', () => {
    const none: Outcome = { phase: 'generate', draft: null }
    const second: Outcome = { phase: 'grade_passages', grades: new Map([[2, 'irrelevant']]) }
    const state = after(retrieve, found(1), relevance('relevant'), none, rewritten('a'), found(2), second)
    expect(state.phase).to.equal('rewrite')
  })

  it('writes anew, naming the claims that failed, twice at most', () => {
    const once = after(retrieve, found(1), relevance('relevant'), written('So.', 'Not so.'), graded(4, 'full', 'none'))
    expect(once.phase).to.equal('generate')
    expect(briefing(once)).to.deep.equal({ numbers: [1], failed: ['Not so.'] })
    const again = [written('So.', 'Hardly.'), graded(4, 'full', 'partial')]
    const state = [...again, ...again].reduce((before, outcome) => advance(before, outcome, mostSelfRag), once)
    expect([state.phase, state.regenerations]).to.deep.equal(['done', 2])
    expect(status(state)).to.equal('partial')
  })

  it('keeps the best draft, be it not the last', () => {
    const state = [
      written('A.', 'B.'), graded(4, 'full', 'partial'),
      written('C.', 'D.'), graded(5, 'none', 'none'),
      written('E.', 'F.'), graded(5, 'full', 'none'),
    ].reduce((before, outcome) => advance(before, outcome, mostSelfRag), after(retrieve, found(1), relevance('relevant'))) // prettier-ignore
    expect(conclusion(state, false).answer).to.deep.include({ text: 'A. B.', status: 'partial' })
  })

  it('searches again for an answer that is true and of no use', () => {
    const state = after(retrieve, found(1), relevance('relevant'), written('It rains.'), graded(2, 'full'))
    expect(state.phase).to.equal('rewrite')
    // Of no use is what it stays when nothing better is found.
    const end = [rewritten('a'), found(), rewritten('b'), found()].reduce((before, outcome) => advance(before, outcome, mostSelfRag), state) // prettier-ignore
    expect([end.phase, status(end)]).to.deep.equal(['done', 'partial'])
  })

  it('does not show a draft without any support', () => {
    const draft = [written('Invented.'), graded(5, 'none')]
    const state = [...draft, ...draft, ...draft].reduce((before, outcome) => advance(before, outcome, mostSelfRag), after(retrieve, found(1), relevance('relevant'))) // prettier-ignore
    const { answer } = conclusion(state, false)
    expect(answer.status).to.equal('insufficient_evidence')
    expect(answer.text).not.to.contain('Invented')
  })

  it('keeps a draft that could not be graded, and calls it partial', () => {
    const state = after(retrieve, found(1), relevance('relevant'), written('So.'), graded(null, 'ungraded'))
    expect([state.phase, status(state)]).to.deep.equal(['done', 'partial'])
  })

  it('says that the budget is exhausted, with the best that there is', () => {
    const before = after(retrieve, found(1), relevance('relevant'))
    expect(conclusion(before, true).answer).to.deep.include({ status: 'budget_exhausted', citations: [] })
    const ungraded = advance(before, written('So.'), mostSelfRag)
    expect(conclusion(ungraded, true).answer).to.deep.include({ text: 'So.', status: 'budget_exhausted' })
    const half = advance(ungraded, graded(5, 'partial'), mostSelfRag)
    expect(status(half, true)).to.equal('budget_exhausted')
  })
})

describe('the budget', () => {
  const spent = { calls: 11, tokens: mostSelfRag.tokens - 1, milliseconds: mostSelfRag.milliseconds - 1 }
  it('ends with the first of its limits', () => {
    expect(exhausted(spent, mostSelfRag)).to.equal(false)
    expect(exhausted({ ...spent, calls: 12 }, mostSelfRag)).to.equal(true)
    for (const name of ['tokens', 'milliseconds'] as const)
      expect(exhausted({ ...spent, [name]: mostSelfRag[name] }, mostSelfRag), name).to.equal(true)
  })
})
