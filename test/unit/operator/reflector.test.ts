import { expect } from 'chai'
import { describe, it } from 'mocha'
import { Informer } from '../../../operator/runtime/informer.ts'
import { KubernetesClient } from '../../../operator/runtime/kubernetes-client.ts'
import { KubernetesError } from '../../../operator/runtime/kubernetes-error.ts'
import { eventually } from '../../support/eventually.ts'
import { ManualTimers } from '../../support/manual-timers.ts'

const type = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true }

describe('reflector', () => {
  async function afterTenMinutesOf(failure: () => Error): Promise<number | null> {
    const timers = new ManualTimers()
    const stop = new AbortController()
    let asked = 0
    const client = new KubernetesClient(async () => {
      asked++
      throw failure()
    })
    const log = { debug: () => undefined, warn: () => undefined }
    const restarts: string[] = []
    const informer = new Informer({ client, type, namespaces: [], timers, random: () => 0, log, backoff: { baseMs: 60_000, maxMs: 60_000 }, restarted: reason => restarts.push(reason) }) // prettier-ignore
    const running = informer.run(stop.signal)
    for (let minute = 1; minute <= 10; minute++) {
      await eventually(() => expect([asked, timers.planned]).to.deep.equal([minute, 1]))
      timers.advance(60_000)
    }
    stop.abort()
    await running
    expect(restarts).to.include('error').and.not.include('expired')
    expect(informer.hasSynced).to.equal(false)
    return informer.silentFor
  }

  it('takes a refusal for a sign of life: no restart would mend a kind that is not served', async () => {
    expect(await afterTenMinutesOf(() => new KubernetesError('list', 404, 'NotFound', 'no such kind'))).to.be.at.most(60_000) // prettier-ignore
  })

  it('takes a broken connection for none', async () => {
    expect(await afterTenMinutesOf(() => new Error('ECONNREFUSED'))).to.equal(null)
  })
})
