import { expect } from 'chai'
import { beforeEach, describe, it } from 'mocha'
import { KubernetesError } from '../../../operator/runtime/kubernetes-error.ts'
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

  /** A write that fails so, while the watch shows version 5. */
  const failed = async (error: Error) => {
    const answer = Promise.withResolvers<KubernetesObject>()
    own.begin('Secret', at('').metadata, answer.promise)
    show(at('5'))
    answer.reject(error)
    await new Promise(resolve => setImmediate(resolve))
    expect(told).to.deep.equal(['5'])
  }

  it('tells of what came while a write was under way that was refused', async () => {
    await failed(new KubernetesError('PATCH x', 409, 'Conflict', 'somebody was faster'))
    expect(own.size).to.equal(0)
  })

  it('takes no cache for new after a write whose answer was lost, until a read has told what there is', async () => {
    for (const lost of [new Error('socket hang up'), new KubernetesError('PATCH x', 504, 'Timeout', 'too slow')]) {
      told = []
      await failed(lost)
      expect([at('5'), at('6')].map(cached => own.isBehind(cached))).to.deep.equal([true, true])
      own.found('Secret', at('').metadata, at('6'), at('5'))
      expect([at('5'), at('6')].map(cached => own.isBehind(cached))).to.deep.equal([true, false])
      own.found('Secret', at('').metadata, at('6'), at('6'))
      expect(own.size).to.equal(0)
    }
  })

  it('takes no cache for new that has an object which was let go here', async () => {
    const { metadata, ...rest } = at('5')
    await written(own, { ...rest, metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } })
    expect(own.isBehind(at('5'))).to.equal(true)
    own.found('Secret', metadata, null, at('5'))
    expect(own.isBehind(at('5'))).to.equal(true)
    own.found('Secret', metadata, null, undefined)
    expect(own.size).to.equal(0)
  })

  it('awaits nothing of an object that is gone, even if it went before the answer came', async () => {
    const answers = ['5', '6'].map(version => ({ version, ...Promise.withResolvers<KubernetesObject>() }))
    for (const { promise } of answers) own.begin('Secret', at('').metadata, promise)
    own.settle('Secret', at('').metadata)
    for (const { version, resolve } of answers) resolve(at(version))
    await new Promise(resolve => setImmediate(resolve))
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
    own.settle('Secret', at('60').metadata)
    expect(own.size).to.equal(0)
  })
})
