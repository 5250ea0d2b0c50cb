import { expect } from 'chai'
import { describe, it } from 'mocha'
import { UnusableAnswer } from '../../../api/providers/llms/structured-answer.ts'
import { queryTransforms } from '../../../api/retrieval/query-transforms/index.ts'
import { filterFault } from '../../../api/retrieval/self-query.ts'
import { rejection } from '../../support/rejection.ts'
import { scriptedLlm } from '../../support/scripted-llm.ts'

const knowledgeBases = [
  { id: 'id-1', name: 'handbook', description: 'rules of the house' },
  { id: 'id-2', name: 'canteen', description: 'what there is to eat' },
]
const input = { text: 'fish on friday?', knowledgeBases }

describe('query transforms', () => {
  it('routing names knowledge bases by number, and can name no other', async () => {
    const llm = scriptedLlm('{"knowledge_bases": [2]}')
    expect(await queryTransforms.routing.transform(input, llm)).to.deep.equal({ knowledgeBaseIds: ['id-2'] })
    expect(llm.asked[0]!.at(-1)!.content).to.contain('2. canteen: what there is to eat').and.not.contain('id-2')
    for (const answer of ['{"knowledge_bases": [3]}', '{"knowledge_bases": []}', '{"knowledge_bases": ["id-9"]}'])
      expect(await rejection(queryTransforms.routing.transform(input, scriptedLlm(answer, answer)))).to.be.instanceOf(UnusableAnswer) // prettier-ignore
  })

  it('routing asks nobody when there is nothing to choose', async () => {
    const llm = scriptedLlm()
    const one = { ...input, knowledgeBases: knowledgeBases.slice(0, 1) }
    expect(await queryTransforms.routing.transform(one, llm)).to.deep.equal({})
  })

  it('decomposition keeps the whole question, and each part once', async () => {
    const llm = scriptedLlm('{"questions": ["fish on friday?", "What is served on Fridays?"]}')
    const { queries } = await queryTransforms.decomposition.transform(input, llm)
    expect(queries).to.deep.equal(['fish on friday?', 'What is served on Fridays?'])
  })

  it('rewrite and hyde take what they asked for, out of a fence too', async () => {
    const fenced = scriptedLlm('```json\n{"query": "Is fish served on Fridays?"}\n```')
    expect(await queryTransforms.rewrite.transform(input, fenced)).to.deep.equal({ queries: ['Is fish served on Fridays?'] }) // prettier-ignore
    const llm = scriptedLlm('{"passage": " "}', '{"passage": "On Fridays fish is served."}')
    expect(await queryTransforms.hyde.transform(input, llm)).to.deep.equal({ hypothetical: 'On Fridays fish is served.' }) // prettier-ignore
    expect(llm.asked).to.have.length(2)
  })
})

describe('the filter of self_query', () => {
  const names = new Set(['year', 'author'])

  it('may name the fields that there are', () => {
    expect(filterFault({ year: { gte: 2020 }, 'author.name': 'Ann' }, names)).to.equal(null)
    expect(filterFault({ or: [{ year: 2020 }, { not: { author: 'Ann' } }] }, names)).to.equal(null)
  })

  for (const [filter, fault] of [
    [{ tenant_id: 'x' }, /"tenant_id" is not one/],
    [{ or: [{ year: 1 }, { not: { kb_id: 'x' } }] }, /"kb_id" is not one/],
    [{ year: { near: 3 } }, /unknown operator/],
    [{ year: null }, /null is no value/],
  ] as const)
    it(`refuses ${JSON.stringify(filter)}`, () => {
      expect(filterFault(filter, names)).to.match(fault)
    })
})
