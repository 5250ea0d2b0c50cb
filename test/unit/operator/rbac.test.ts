import { expect } from 'chai'
import { describe, it } from 'mocha'
import { desiredObjects } from '../../../operator/desired/index.ts'
import { disposableTypes, ownedTypes, typeOf, types } from '../../../operator/observe/resource-types.ts'
import { watchedGrants } from '../../../operator/rbac.ts'
import { type ResourceType } from '../../../operator/runtime/kubernetes-object.ts'
import { maximalSpec, pipeline } from '../../support/pipelines.ts'

function verbsFor({ apiVersion, plural }: ResourceType): string[] {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0]! : ''
  const grants = watchedGrants.filter(grant => grant.groups.includes(group) && grant.resources.includes(plural))
  return grants.flatMap(({ verbs }) => verbs)
}

describe('the rights of the operator', () => {
  it('are enough to watch and apply every kind that a pipeline owns', () => {
    // A Job is made and removed, never changed.
    for (const type of [...ownedTypes, types.configMaps]) {
      const write = type.kind === 'Job' ? 'delete' : 'patch'
      expect(verbsFor(type), type.kind).to.include.members(['get', 'list', 'watch', 'create', write])
    }
  })

  it('let it delete the kinds that it prunes, Secrets and Jobs, and nothing else', () => {
    const deletable = Object.values(types).filter(type => verbsFor(type).includes('delete'))
    expect(deletable.map(({ kind }) => kind)).to.have.members([
      ...disposableTypes.map(({ kind }) => kind),
      'Secret',
      'Job',
    ])
  })

  it('are all needed: every grant has a reason', () => {
    for (const { why } of watchedGrants) expect(why).to.match(/\w{3,}/)
  })
})

describe('the kinds that are watched', () => {
  it('are all that a pipeline can own', () => {
    const kinds = desiredObjects(pipeline(maximalSpec), { image: 'x', secretsChecksum: 'y', addresses: [] }).map(typeOf)
    expect([...ownedTypes, types.configMaps]).to.include.members(kinds)
  })
})
