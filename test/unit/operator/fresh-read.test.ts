import { expect } from 'chai'
import { beforeEach, describe, it } from 'mocha'
import { types } from '../../../operator/observe/resource-types.ts'
import { freshReads } from '../../../operator/runtime/fresh-read.ts'
import { type KubernetesClient } from '../../../operator/runtime/kubernetes-client.ts'
import { type KubernetesObject, type ObjectRef } from '../../../operator/runtime/kubernetes-object.ts'
import { OwnWrites } from '../../../operator/runtime/own-writes.ts'
import { written } from '../../support/own-writes.ts'

const ref = { namespace: 'team', name: 'acme' }
const at = (resourceVersion: string, more: object = {}): KubernetesObject => ({
  apiVersion: types.tenants.apiVersion,
  kind: 'RagTenant',
  metadata: { ...ref, resourceVersion, ...more },
})

describe('reading from a cache that may lag behind', () => {
  let own: OwnWrites
  let cached: KubernetesObject | undefined
  let live: KubernetesObject | null
  let asked: number
  let read: (ref: ObjectRef) => Promise<KubernetesObject | null>
  const version = async () => (await read(ref))?.metadata.resourceVersion ?? null
  const client = {
    get: () => {
      asked++
      return Promise.resolve(live)
    },
  } as unknown as KubernetesClient
  const newTerm = () => (read = freshReads({ type: types.tenants, get: () => cached }, client, own))

  beforeEach(() => {
    own = new OwnWrites(['RagTenant'])
    asked = 0
    newTerm()
  })

  it('asks the API server once a term while the cache is up to date', async () => {
    cached = live = at('5')
    for (let looks = 0; looks < 3; looks++) expect(await version()).to.equal('5')
    expect(asked).to.equal(1)
    newTerm()
    expect(await version()).to.equal('5')
    expect(asked).to.equal(2)
  })

  it('never gives something older than it gave before, however long the watch is silent', async () => {
    cached = at('4')
    live = at('5')
    for (let looks = 0; looks < 3; looks++) expect(await version()).to.equal('5')
    cached = at('5')
    own.unlessOwn(cached, () => expect.fail('this has been looked at'))
    live = null
    expect(await version()).to.equal('5')
    expect(own.size).to.equal(0)
  })

  it('asks again until the cache has what was written, and no longer', async () => {
    cached = live = at('4')
    await version()
    await written(own, at('5'))
    live = at('5')
    expect(await version()).to.equal('5')
    cached = live = at('6')
    expect(await version()).to.equal('6')
    live = null
    expect(await version()).to.equal('6')
    expect(own.size).to.equal(0)
  })

  it('does not give an object again that it has let go, although the API server answered with the version before', async () => {
    cached = live = at('5', { finalizers: ['x'], deletionTimestamp: '2026-01-01T00:00:00Z' })
    await version()
    await written(own, at('5', { deletionTimestamp: '2026-01-01T00:00:00Z' }))
    live = null
    for (let looks = 0; looks < 2; looks++) expect(await version()).to.equal(null)
    cached = undefined
    expect(await version()).to.equal(null)
    expect(own.size).to.equal(0)
  })
})
