import { expect } from 'chai'
import { describe, it } from 'mocha'
import { parseRagPipeline, parseRagTenant } from '../../../crds/parse-resource.ts'
import { unofferedModels } from '../../../operator/plan/unoffered-models.ts'
import { pipelineManifest, tenantManifest } from '../../support/sample-resources.ts'

describe('operator/plan/unoffered-models', () => {
  const llm = { provider: 'openai', model: 'gpt-4o-mini', choices: ['deepseek:deepseek-chat'] }
  const pipeline = parseRagPipeline(pipelineManifest({ models: { llm } }))
  const told = (spec: Record<string, unknown>) => unofferedModels(parseRagTenant(tenantManifest(spec)), pipeline)

  it('are none where nothing, nobody or what is offered is chosen', () => {
    expect(told({})).to.deep.equal([])
    for (const model of ['openai:gpt-4o-mini', 'deepseek:deepseek-chat', 'none'])
      expect(told({ models: { llm: model, reranker: 'none' } }), model).to.deep.equal([])
  })

  it('are told with what could be chosen instead, of tenant and knowledge bases', () => {
    expect(told({ models: { llm: 'openai:gpt-4o' }, knowledgeBases: [{ name: 'a', models: { reranker: 'jina:r' } }] })).to.deep.equal([
      'spec.models.llm is openai:gpt-4o, which RagPipeline demo does not offer; choose openai:gpt-4o-mini or deepseek:deepseek-chat, or add it to spec.models.llm.choices there',
      'spec.knowledgeBases[a].models.reranker is jina:r, which RagPipeline demo does not offer; add it to spec.models.reranker.choices there',
    ]) // prettier-ignore
  })

  it('cannot be of a provider that there is not, nor an address', () => {
    for (const model of ['gpt-4o', 'acme:gpt', 'openai:', 'openai:a,b', 'https://evil.example'])
      expect(() => told({ models: { llm: model } }), model).to.throw('must be none, or provider:model')
  })
})
