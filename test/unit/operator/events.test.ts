import { type IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { EventRecorder } from '../../../operator/runtime/events.ts'
import { KubernetesClient } from '../../../operator/runtime/kubernetes-client.ts'

function recorder() {
  const sent: string[] = []
  const client = new KubernetesClient(async request => {
    sent.push(request.method)
    return Object.assign(Readable.from([Buffer.from('{}')]), { statusCode: 200 }) as unknown as IncomingMessage
  })
  const log = { debug: () => undefined }
  const events = new EventRecorder({ client, controller: 'test', instance: 'pod', now: () => new Date(0), log })
  return { events, sent }
}
const object = (uid: string) => ({ apiVersion: 'v1', kind: 'RagTenant', metadata: { name: 'acme', namespace: 'default', uid } }) // prettier-ignore
const note = (text: string) => ({ type: 'Warning', reason: 'Wrong', action: 'Reconcile', note: text }) as const

describe('recorder of Events', () => {
  it('keeps a bounded memory, however many different things happen at once', async () => {
    const { events, sent } = recorder()
    for (let index = 0; index < 6_000; index++) events.record(object(`uid-${index}`), note(`message ${index}`))
    await events.drain()
    expect(sent, 'each is told').to.have.length(6_000)
    expect(events.remembered).to.be.at.most(2 * 4096)
  })

  it('makes one Event of what repeats', async () => {
    const { events, sent } = recorder()
    for (let times = 0; times < 50; times++) events.record(object('one'), note('the same'))
    await events.drain()
    expect(sent).to.deep.equal(['POST', 'PATCH'])
  })
})
