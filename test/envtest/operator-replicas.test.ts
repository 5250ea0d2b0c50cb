import { CoordinationV1Api } from '@kubernetes/client-node'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { type RunningOperator } from '../../operator/operator.ts'
import { type Transport } from '../../operator/runtime/kubernetes-transport.ts'
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

  /** `kill` cuts it off at once, as the death of its process would: nothing that it sends arrives any more. */
  async function startReplica(name: string) {
    let dead = false
    const refuse = () => {
      if (dead) throw new Error(`${name} is dead`)
    }
    const transport = (real: Transport): Transport => {
      return async request => {
        refuse()
        return real(request)
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

  it('give the Lease back when they are stopped', async () => {
    await leaders()[0]?.operator.stop()
    expect(await holder()).to.equal('')
  })
})
