import { expect } from 'chai'
import { describe, it } from 'mocha'
import { condensePrompt, condensedQuestion } from '../../../api/answering/condense.ts'

describe('a question that follows others', () => {
  it('is asked for with what was said last, shortened', () => {
    const history = Array.from({ length: 20 }, (_, place) => ({ role: 'user' as const, content: `${place}: ${'x'.repeat(5000)}` })) // prettier-ignore
    const [, asked] = condensePrompt('And the second?', history)
    expect(asked!.content).to.contain('user: 19: x').and.not.to.contain('user: 11: x')
    expect(asked!.content.length).to.be.lessThan(20_000)
    expect(asked!.content).to.match(/Last question: And the second\?$/)
  })

  it('is what the model wrote, without quotation marks', () => {
    expect(condensedQuestion(' "When is the second pump serviced?"\n', 'And the second?')).to.equal('When is the second pump serviced?') // prettier-ignore
  })

  it('stays as it is when the model wrote nothing, or an essay', () => {
    for (const written of ['', '  ', '""', 'x'.repeat(1001)])
      expect(condensedQuestion(written, 'And the second?')).to.equal('And the second?')
  })
})
