import { expect } from 'chai'
import { describe, it } from 'mocha'
import { KnowledgeBaseDirectory, type SearchableKnowledgeBase } from '../../../api/services/knowledge-base-directory.ts'
import { TenantScope } from '../../../api/stores/postgres/tenant-scope.ts'
import { type ApiError } from '../../../api/contract/error-codes.ts'

const tenant = { id: 'tenant-a', slug: 'acme', collection: 'kb_shared' }
const all = new TenantScope(tenant)
const onlyB = new TenantScope(tenant, ['b'])

const knowledgeBase = (id: string): SearchableKnowledgeBase => ({
  id,
  name: id,
  description: '',
  createdAt: new Date(0),
  chunker: 'recursive',
  retrieval: {},
  answering: {},
  models: {},
})

function directory(...ids: string[]) {
  const known: SearchableKnowledgeBase[] = ids.map(knowledgeBase)
  const state = { known, loads: 0 }
  const made = new KnowledgeBaseDirectory(async () => {
    state.loads++
    return [...state.known]
  })
  const resolve = async (scope: TenantScope, wanted: string[]) =>
    (await made.resolve(scope, wanted)).map(({ id }) => id)
  const refusal = async (scope: TenantScope, wanted: string[]) =>
    resolve(scope, wanted).then(String, (error: ApiError) => `${error.status} ${error.code} ${error.message}`)
  return { state, made, resolve, refusal }
}

describe('the directory of knowledge bases', () => {
  it('gives all of the scope when none is named', async () => {
    const { resolve } = directory('a', 'b')
    expect(await resolve(all, [])).to.deep.equal(['a', 'b'])
    expect(await resolve(onlyB, [])).to.deep.equal(['b'])
  })

  it('asks the database once for many queries', async () => {
    const { resolve, state } = directory('a', 'b')
    for (const wanted of [[], ['a'], ['b', 'a'], ['b', 'b']]) await resolve(all, wanted)
    expect(state.loads).to.equal(1)
  })

  it('tells an unknown one, a foreign one and one outside the scope in the same words', async () => {
    const { refusal } = directory('a', 'b')
    expect(await refusal(all, ['b', 'zzz'])).to.equal('404 KB_NOT_FOUND knowledge base "zzz" does not exist')
    expect(await refusal(onlyB, ['a'])).to.equal('404 KB_NOT_FOUND knowledge base "a" does not exist')
  })

  it('finds one that was made a moment ago, and misses one that was deleted here', async () => {
    const { resolve, refusal, state, made } = directory('a')
    await resolve(all, ['a'])
    state.known.push(knowledgeBase('new'))
    expect(await resolve(all, ['new'])).to.deep.equal(['new'])
    state.known.length = 0
    made.invalidate('tenant-a')
    expect(await refusal(all, ['a'])).to.contain('404')
  })
})
