import { expect } from 'chai'
import { beforeEach, describe, it } from 'mocha'
import { type KubernetesObject } from '../../../operator/runtime/kubernetes-object.ts'
import { OwnWrites } from '../../../operator/runtime/own-writes.ts'
import { written } from '../../support/own-writes.ts'

const at = (resourceVersion: string, name = 'acme'): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'team', resourceVersion },
})

describe('the memory of what was written here', () => {
  let own: OwnWrites
  let told: string[]
  const show = (object: KubernetesObject) => own.unlessOwn(object, () => told.push(object.metadata.resourceVersion!))

  beforeEach(() => {
    own = new OwnWrites(['Secret'])
    told = []
  })

  it('knows its own writes when the watch shows them, and then nothing of them any more', async () => {
    await written(own, at('5'))
    await written(own, at('6'))
    show(at('5'))
    expect(own.size).to.equal(1)
    show(at('6'))
    expect(told).to.deep.equal([])
    expect(own.size).to.equal(0)
  })

  it("takes nobody else's write for its own", async () => {
    await written(own, at('5'))
    for (const other of [at('4'), at('5', 'globex'), at('6')]) show(other)
    expect(told).to.deep.equal(['4', '5', '6'])
  })

  it('waits for the answer when the watch is faster', async () => {
    const answer = Promise.withResolvers<KubernetesObject>()
    own.begin('Secret', at('').metadata, answer.promise)
    show(at('5'))
    show(at('6'))
    expect(told).to.deep.equal([])
    answer.resolve(at('5'))
    await new Promise(resolve => setImmediate(resolve))
    expect(told).to.deep.equal(['6'])
  })

  it('tells of what came while a write was under way that failed', async () => {
    const answer = Promise.withResolvers<KubernetesObject>()
    own.begin('Secret', at('').metadata, answer.promise)
    show(at('5'))
    answer.reject(new Error('a conflict'))
    await new Promise(resolve => setImmediate(resolve))
    expect(told).to.deep.equal(['5'])
    expect(own.size).to.equal(0)
  })

  it('says that a cache is behind until it has the newest write', async () => {
    expect(own.isBehind(at('4'))).to.equal(false)
    await written(own, at('5'))
    await written(own, at('6'))
    expect([at('4'), at('5'), at('6')].map(cached => own.isBehind(cached))).to.deep.equal([true, true, false])
    show(at('6'))
    expect(own.isBehind(at('7'))).to.equal(false)
  })

  it('remembers a handful of writes of an object, and nothing of kinds that nobody asks about', async () => {
    for (let version = 1; version <= 50; version++) await written(own, at(String(version)))
    show(at('1'))
    expect(told).to.deep.equal(['1'])
    await written(own, { ...at('1'), kind: 'Event' })
    expect(own.size).to.equal(1)
    own.settle(at('60'))
    expect(own.size).to.equal(0)
  })
})
