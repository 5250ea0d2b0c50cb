import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { WithoutReasoning, withoutReasoning } from '../../../api/providers/llms/without-reasoning.ts'

const cases: readonly (readonly [text: string, answer: string])[] = [
  ['', ''],
  ['The kitchen [1].', 'The kitchen [1].'],
  ['<think>Where is tea kept? Kitchens.</think>\n\nThe kitchen [1].', 'The kitchen [1].'],
  ['\n<think>\n</think>The kitchen.', 'The kitchen.'],
  ['<think>too long to end', ''],
  ['<think>only a thought</think>\n', ''],
  ['<thi', '<thi'],
  ['< 5 kg', '< 5 kg'],
  ['Use <think> tags as in <think>a</think>.', 'Use <think> tags as in <think>a</think>.'],
  ['<think>a</think>b <think>c</think>', 'b <think>c</think>'],
]

describe('providers/llms/without-reasoning', () => {
  for (const [text, answer] of cases)
    it(JSON.stringify(text), () => {
      expect(withoutReasoning(text)).to.equal(answer)
    })

  it('gives the same in pieces of any length', () => {
    fc.assert(
      fc.property(fc.constantFrom(...cases), fc.array(fc.integer({ min: 1, max: 9 })), ([text, answer], lengths) => {
        const filter = new WithoutReasoning()
        let rest = text
        let told = ''
        for (const length of [...lengths, text.length || 1]) {
          told += filter.push(rest.slice(0, length))
          rest = rest.slice(length)
        }
        expect(told + filter.push(rest) + filter.end()).to.equal(answer)
      }),
    )
  })
})
