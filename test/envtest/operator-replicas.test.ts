import { type IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import { CoordinationV1Api } from '@kubernetes/client-node'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { types } from '../../operator/observe/resource-types.ts'
import { type RunningOperator } from '../../operator/operator.ts'
import { type Transport, type TransportRequest } from '../../operator/runtime/kubernetes-transport.ts'
import { eventually } from '../support/eventually.ts'
import { orSkip } from '../support/missing-part.ts'
import { OperatorWorld } from '../support/operator-world.ts'
import { tenantManifest } from '../support/sample-resources.ts'

describe('two replicas of the operator', function () {
  this.timeout(60_000)
  let world: OperatorWorld
  const replicas: { name: string; operator: RunningOperator; kill: () => void }[] = []

  before(async function () {
    this.timeout(900_000)
    world = await orSkip(this, OperatorWorld.make())
  })

  after(async () => {
    await world?.dispose()
  })

  /**
   * `kill` cuts it off at once, as the death of its process would: nothing that it sends arrives any more.
   * @param around what is between it and the API server
   */
  async function startReplica(name: string, around: (real: Transport) => Transport = real => real) {
    let dead = false
    const refuse = () => {
      if (dead) throw new Error(`${name} is dead`)
    }
    const transport = (real: Transport): Transport => {
      const between = around(real)
      return async request => {
        refuse()
        return between(request)
      }
    }
    const env = { LEADER_ELECT: 'true', LEASE_SECONDS: '2', POD_NAME: name, RESYNC_SECONDS: '1' }
    const operator = await world.start({ env, transport, hooks: { beforeStep: refuse } })
    replicas.push({ name, operator, kill: () => (dead = true) })
  }

  const leaders = () => replicas.filter(({ operator }) => operator.isLeading())
  const holder = async () =>
    (
      await world.server
        .kubeConfig()
        .makeApiClient(CoordinationV1Api)
        .readNamespacedLease({ namespace: world.namespace, name: 'selfrag-operator' })
    ).spec?.holderIdentity

  it('have one leader, which does the work', async () => {
    await startReplica('replica-a')
    await startReplica('replica-b')
    await world.applySamples()
    await world.becomesReady()
    expect(leaders()).to.have.length(1)
    expect(await holder()).to.match(new RegExp(`^${leaders()[0]?.name}_`))
  })

  it('go on with the other one when the leader is killed', async () => {
    const victim = leaders()[0]
    victim?.kill()
    await eventually(async () => {
      expect(leaders().map(({ name }) => name)).to.deep.equal(replicas.filter(other => other !== victim).map(({ name }) => name)) // prettier-ignore
    })
    await world.create(tenantManifest({}, 'after-the-kill'))
    await eventually(async () => {
      const tenant = await world.tenant('after-the-kill')
      expect(tenant.status?.conditions?.find(({ type }) => type === 'Ready')?.status).to.equal('True')
    })
    expect(victim?.operator.isLeading()).to.equal(false)
  })

  it('go on with what the API server has, though the watch of the new leader has missed what the old one acted on', async () => {
    let silent = false
    let looks = 0
    await startReplica('replica-c', real => async request => {
      if (silent && request.method === 'GET' && request.path.endsWith('/secrets/acme-admin-key')) looks++
      const response = await real(request)
      return isTenantWatch(request) ? unless(() => silent, response) : response
    })
    const port = replicas.at(-1)?.operator.healthPort
    await eventually(async () => expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).to.equal(200))
    silent = true
    const { metadata, spec } = await world.tenant()
    const ci = { name: 'ci', role: 'read', secretName: 'acme-ci-key' }
    await world.client.mergePatch(types.tenants, metadata, { spec: { apiKeys: [...spec.apiKeys, ci] } })
    await world.becomesReady()
    const minted = await world.secret('acme-ci-key')
    expect(minted).to.have.property('api-key')

    const old = leaders()[0]
    old?.kill()
    await eventually(() => expect(leaders().map(({ name }) => name)).to.deep.equal(['replica-c']))
    // The first, and others that its watch does not wake it for.
    await eventually(() => expect(looks).to.be.above(2))
    expect(await world.secret('acme-ci-key')).to.deep.equal(minted)
    expect(await world.sql('selfrag.api_keys').where({ name: 'ci', revoked_at: null })).to.have.length(1)
  })

  it('give the Lease back when they are stopped', async () => {
    await leaders()[0]?.operator.stop()
    expect(await holder()).to.equal('')
  })
})

function isTenantWatch({ path }: TransportRequest): boolean {
  return path.includes('/ragtenants?') && path.includes('watch=')
}

/** What arrives while it is silent is lost, and nobody is told. */
function unless(isSilent: () => boolean, response: IncomingMessage): IncomingMessage {
  const heard = new PassThrough()
  response.on('data', (chunk: Buffer) => void (isSilent() || heard.write(chunk)))
  response.on('end', () => heard.end())
  response.on('error', error => heard.destroy(error))
  return Object.assign(heard, { statusCode: response.statusCode }) as unknown as IncomingMessage
}
