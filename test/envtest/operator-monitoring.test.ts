import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { type RunningOperator } from '../../operator/operator.ts'
import { types } from '../../operator/observe/resource-types.ts'
import { type ResourceType } from '../../operator/runtime/kubernetes-object.ts'
import { eventually } from '../support/eventually.ts'
import { orSkip } from '../support/missing-part.ts'
import { installMonitoringCrds, removeMonitoringCrds } from '../support/monitoring-crds.ts'
import { conditionOf, OperatorWorld } from '../support/operator-world.ts'
import { moreReconciles } from '../support/reconcile-counts.ts'

describe('a pipeline that wants to be monitored', function () {
  this.timeout(60_000)
  let world: OperatorWorld
  let operator: RunningOperator

  before(async function () {
    this.timeout(900_000)
    world = await orSkip(this, OperatorWorld.make())
    await removeMonitoringCrds(world.server.kubeConfig())
    operator = await world.start({ env: { RESYNC_SECONDS: '1' } })
    await world.applySamples()
    await world.becomesReady()
  })

  after(async () => {
    if (!world) return
    await removeMonitoringCrds(world.server.kubeConfig())
    await world.dispose()
  })

  const get = (type: ResourceType, name = 'demo') => world.client.get(type, { namespace: world.namespace, name })
  const patch = async (spec: object) =>
    world.client.mergePatch(types.pipelines, (await world.pipeline()).metadata, { spec })
  const monitoringIs = (expected: object, message = '') =>
    eventually(async () => {
      const pipeline = await world.pipeline()
      const condition = conditionOf(pipeline, 'MonitoringReady')
      expect(condition).to.include({ observedGeneration: pipeline.metadata.generation, ...expected })
      expect(condition?.message).to.contain(message)
      expect(conditionOf(pipeline, 'Ready')?.status, 'it serves either way').to.equal('True')
    }, 20_000)
  const inPlace = () =>
    eventually(async () => {
      expect(await get(types.serviceMonitors)).not.to.equal(null)
      expect(await get(types.prometheusRules)).not.to.equal(null)
    }, 20_000)
  const failures = () => world.logs.filter(line => line.includes('reconcile failed') && line.includes('monitoring'))

  it('says so when it does not', async () => {
    await monitoringIs({ status: 'True', reason: 'NotRequested' })
  })

  it('is told which CRDs are missing, serves, and tries nothing in vain', async () => {
    await patch({ monitoring: { serviceMonitor: true, prometheusRule: true } })
    await monitoringIs({ status: 'False', reason: 'NotInstalled' }, 'the CRD servicemonitors.monitoring.coreos.com is not installed') // prettier-ignore
    expect(await get(types.services, 'demo-worker')).not.to.equal(null)
    await moreReconciles(operator, 2)
    const before = await world.clusterWrites()
    await moreReconciles(operator, 3)
    expect(await world.clusterWrites()).to.deep.equal(before)
    expect((await fetch(`http://127.0.0.1:${operator.healthPort}/readyz`)).status).to.equal(200)
  })

  it('gets its objects as soon as they are installed, without a restart', async () => {
    await installMonitoringCrds(world.server.kubeConfig())
    await inPlace()
    await monitoringIs({ status: 'True', reason: 'AsDesired' }, 'ServiceMonitor/demo and PrometheusRule/demo')
    await moreReconciles(operator, 2)
    const before = await world.clusterWrites()
    await moreReconciles(operator, 3)
    expect(await world.clusterWrites(), 'and nothing is written again').to.deep.equal(before)
  })

  it('has drift in them repaired', async () => {
    await world.client.mergePatch(types.serviceMonitors, { namespace: world.namespace, name: 'demo' }, { spec: { endpoints: [] } }) // prettier-ignore
    await eventually(async () => {
      const live = (await get(types.serviceMonitors)) as unknown as { spec: { endpoints: object[] } }
      expect(live.spec.endpoints).to.have.length(1)
    })
    await world.client.delete(types.prometheusRules, { namespace: world.namespace, name: 'demo' })
    await inPlace()
  })

  it('is told when they are removed while the operator runs, and gets its objects back with them', async () => {
    // Under Warn an object that somebody deletes stays away; one whose CRD comes back does not.
    await patch({ driftPolicy: 'Warn' })
    await monitoringIs({ status: 'True', reason: 'AsDesired' })
    await removeMonitoringCrds(world.server.kubeConfig())
    await monitoringIs({ status: 'False', reason: 'NotInstalled' })
    await eventually(async () => expect((await world.pipeline()).status).not.to.have.property('drift'))
    await installMonitoringCrds(world.server.kubeConfig())
    await inPlace()
    await monitoringIs({ status: 'True', reason: 'AsDesired' })
    await patch({ driftPolicy: 'Enforce' })
    expect(failures(), failures().join('')).to.deep.equal([])
  })

  it('loses them when the spec asks for nothing any more', async () => {
    await patch({ monitoring: { prometheusRule: false } })
    await eventually(async () => expect(await get(types.prometheusRules)).to.equal(null))
    expect(await get(types.serviceMonitors)).not.to.equal(null)
    await patch({ monitoring: null })
    await eventually(async () => {
      expect(await get(types.serviceMonitors)).to.equal(null)
      expect(await get(types.services, 'demo-worker')).to.equal(null)
    })
    await monitoringIs({ status: 'True', reason: 'NotRequested' })
    expect(await get(types.services, 'demo-api'), 'what is wanted stays').not.to.equal(null)
  })
})
