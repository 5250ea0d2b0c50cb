import { expect } from 'chai'
import { describe, it } from 'mocha'
import { ApiError } from '../../../api/contract/error-codes.ts'
import { type ModelChoice, readModelChoice, readModelReference } from '../../../api/contract/model-reference.ts'
import type { Llm } from '../../../api/providers/llms/llm.ts'
import type { Reranker } from '../../../api/providers/rerankers/reranker.ts'
import { describeModels, RequestModels } from '../../../api/services/request-models.ts'
import { TenantScope } from '../../../api/stores/postgres/tenant-scope.ts'
import { rejectionOf } from '../../support/rejection.ts'

const llm = (model: string): Llm => ({ provider: 'openai', model }) as Llm
const reranker = (model: string): Reranker => ({ provider: 'cohere', model }) as Reranker
const scope = new TenantScope({ id: 'tenant-1', slug: 'acme', collection: 'kb_shared' })

function models(stored: { tenant?: ModelChoice; system?: ModelChoice } = {}, withStandard = true): RequestModels {
  return new RequestModels({
    llms: { standard: withStandard ? llm('standard') : null, others: [llm('a'), llm('b'), llm('c'), llm('d')] },
    rerankers: { standard: null, others: [reranker('r')] },
    tenant: asked => (asked.tenantId === scope.tenantId ? (stored.tenant ?? {}) : {}),
    system: () => Promise.resolve(stored.system ?? {}),
  })
}

const knowledgeBase = (choice: ModelChoice) => ({ models: choice })

const failure = (call: Promise<unknown>) => rejectionOf(call, ApiError)

describe('the models of a request', () => {
  it('come from the strongest level that says something', async () => {
    const request: ModelChoice = { llm: 'openai:a' }
    const bases = [knowledgeBase({ llm: 'openai:b' })]
    const tenant: ModelChoice = { llm: 'openai:c' }
    const system: ModelChoice = { llm: 'openai:d' }
    const chosen = async (resolving: ReturnType<RequestModels['resolve']>) => {
      const { llm: found, origin } = await resolving
      return [found?.model, origin.llm]
    }
    const all = models({ tenant, system })
    expect(await chosen(all.resolve(scope, bases, request))).to.deep.equal(['a', 'request'])
    expect(await chosen(all.resolve(scope, bases))).to.deep.equal(['b', 'knowledge_base'])
    expect(await chosen(all.resolve(scope, []))).to.deep.equal(['c', 'tenant'])
    expect(await chosen(models({ system }).resolve(scope, []))).to.deep.equal(['d', 'system'])
    expect(await chosen(models().resolve(scope, []))).to.deep.equal(['standard', 'environment'])
    expect(await chosen(models({}, false).resolve(scope, []))).to.deep.equal([undefined, 'environment'])
  })

  it('are decided use by use', async () => {
    const found = await models({ tenant: { reranker: 'cohere:r' } }).resolve(scope, [], { llm: 'openai:b' })
    expect(describeModels(found)).to.deep.equal({
      llm: { provider: 'openai', model: 'b', origin: 'request' },
      reranker: { provider: 'cohere', model: 'r', origin: 'tenant' },
    })
  })

  it('can be none, at every level', async () => {
    const found = await models({ tenant: { llm: 'openai:a' } }).resolve(scope, [knowledgeBase({ llm: 'none' })])
    expect(found.llm).to.equal(null)
    expect(found.origin.llm).to.equal('knowledge_base')
  })

  it('are not decided by knowledge bases that disagree', async () => {
    const bases = [knowledgeBase({ llm: 'openai:a' }), knowledgeBase({})]
    expect((await models().resolve(scope, bases)).origin.llm).to.equal('environment')
    expect((await models().resolve(scope, [bases[0]!, bases[0]!])).llm?.model).to.equal('a')
  })

  it('are only those that the server offers: a request cannot bring an address or another provider', async () => {
    for (const wanted of ['openai:gpt-9', 'ollama:a', 'http://evil.example/v1:a', 'OPENAI:a']) {
      const error = await failure(models().resolve(scope, [], { llm: wanted }))
      expect(error.code, wanted).to.equal('VALIDATION_ERROR')
      expect(error.message).to.include(wanted).and.include('openai:standard, openai:a')
    }
  })

  it('cannot be chosen where there are none, and the refusal says so', async () => {
    const none = { standard: null, others: [] }
    const system = () => Promise.resolve({})
    const empty = new RequestModels({ llms: none, rerankers: none, tenant: () => ({}), system })
    const error = await failure(empty.resolve(scope, [], { llm: 'openai:a' }))
    expect(error.message).to.equal('model.llm: llm "openai:a" is not one that this server offers; it has none; choose "none" or nothing') // prettier-ignore
  })

  it('that were stored and are gone are an error, not another model in silence', async () => {
    const error = await failure(models({ tenant: { llm: 'openai:gone' } }).resolve(scope, []))
    expect(error.code).to.equal('KB_CONFIG_ERROR')
    expect(error.message).to.include('the tenant has').and.include('LLM_CHOICES')
  })

  it('are refused before they are stored', () => {
    expect(() => models().check({ reranker: 'cohere:other' })).to.throw(ApiError, 'cohere:r')
    models().check({ llm: 'none', reranker: 'cohere:r' })
  })
})

describe('a model reference', () => {
  it('is a provider and a model, whose name may hold colons', () => {
    expect(readModelReference('ollama:llama3.2:3b')).to.deep.equal({ provider: 'ollama', model: 'llama3.2:3b' })
    for (const text of ['gpt-4o', ':gpt-4o', 'openai:', '']) expect(readModelReference(text), text).to.equal(null)
  })

  it('that was stored by another version counts as not set', () => {
    expect(readModelChoice({})).to.deep.equal({})
    expect(readModelChoice({ models: { llm: 5 } })).to.deep.equal({})
    expect(readModelChoice({ models: { llm: 'openai:a' } })).to.deep.equal({ llm: 'openai:a' })
  })
})
