import { type IncomingMessage } from 'node:http'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { KubernetesClient } from '../../../operator/runtime/kubernetes-client.ts'
import { type ResourceType } from '../../../operator/runtime/kubernetes-object.ts'
import {
  describeRequest,
  type ObservedRequest,
  observeTransport,
} from '../../../operator/runtime/observed-transport.ts'

const secrets: ResourceType = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true }
const tenants: ResourceType = { apiVersion: 'selfrag.io/v1alpha1', kind: 'RagTenant', plural: 'ragtenants', namespaced: true } // prettier-ignore
const namespaces: ResourceType = { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false }

describe('observed transport', () => {
  it('names verb and resource of every request that the client makes', async () => {
    const seen: string[] = []
    const client = new KubernetesClient(request => {
      const { verb, resource } = describeRequest(request)
      seen.push(`${verb} ${resource}`)
      throw new Error('seen')
    })
    const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a', namespace: 'n' } }
    const options = { resourceVersion: '1', silenceMs: 1, signal: new AbortController().signal }
    const requests = [
      () => client.get(secrets, object.metadata),
      () => client.get(namespaces, { name: 'kube-system' }),
      () => client.list(tenants),
      () => client.list(tenants, { namespace: 'n', labelSelector: 'watch=true' }),
      () => client.watch(secrets, options).next(),
      () => client.create(secrets, object),
      () => client.replace(secrets, object),
      () => client.apply(secrets, object, 'test'),
      () => client.mergePatch(tenants, object.metadata, {}),
      () => client.mergePatch(tenants, object.metadata, {}, { subresource: 'status' }),
      () => client.delete(secrets, object.metadata),
    ]
    for (const send of requests) await send().catch(() => undefined)
    expect(seen).to.deep.equal([
      'get secrets',
      'get namespaces',
      'list ragtenants',
      'list ragtenants',
      'watch secrets',
      'create secrets',
      'update secrets',
      'apply secrets',
      'patch ragtenants',
      'patch ragtenants/status',
      'delete secrets',
    ])
  })

  it('tells the status and the time until the answer began, also when none came', async () => {
    const seen: ObservedRequest[] = []
    let now = 0
    const answers = [async () => ({ statusCode: 409 }) as IncomingMessage, () => Promise.reject(new Error('reset'))]
    const transport = observeTransport(
      () => {
        now += 250
        return (answers.shift() ?? answers[0]!)()
      },
      request => seen.push(request),
      () => now,
    )
    const request = { method: 'GET', path: '/api/v1/secrets', silenceMs: 1 } as const
    expect((await transport(request)).statusCode).to.equal(409)
    const failure = await transport(request).catch((error: Error) => error.message)
    expect(failure).to.equal('reset')
    const told = { verb: 'list', resource: 'secrets', seconds: 0.25 }
    expect(seen).to.deep.equal([
      { ...told, code: '409' },
      { ...told, code: 'none' },
    ])
  })
})
