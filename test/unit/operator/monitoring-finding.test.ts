import { expect } from 'chai'
import { describe, it } from 'mocha'
import { desiredObjects } from '../../../operator/desired/index.ts'
import {
  monitoringFinding,
  type MonitoringObject,
  monitoringObjects,
} from '../../../operator/plan/monitoring-finding.ts'
import { type Absence } from '../../../operator/runtime/kubernetes-error.ts'
import { type KubernetesObject, objectName } from '../../../operator/runtime/kubernetes-object.ts'
import { pipeline } from '../../support/pipelines.ts'

const asked = pipeline({ monitoring: { serviceMonitor: true, prometheusRule: true } })
const wanted = desiredObjects(asked, { image: 'x', secretsChecksum: 'y', addresses: [] })
const allLive = new Map<string, KubernetesObject>(wanted.map(object => [objectName(object), object]))
const without = (name: string) => new Map([...allLive].filter(([key]) => key !== name))

describe('how the objects of the Prometheus operator fare', () => {
  const stateOf = (outcome: Partial<Parameters<typeof monitoringObjects>[1]>) =>
    monitoringObjects(wanted, { live: allLive, absent: new Map(), left: [], ...outcome }).map(({ name, state }) => `${name} ${state}`) // prettier-ignore

  it('is told of those alone', () => {
    expect(stateOf({})).to.deep.equal(['ServiceMonitor/demo InPlace', 'PrometheusRule/demo InPlace'])
  })

  it("says when the kind is not served, when one is missing and left so, and when one is somebody else's", () => {
    const absent = new Map<string, Absence>([['ServiceMonitor/demo', 'NotInstalled']])
    expect(stateOf({ live: without('ServiceMonitor/demo'), absent })[0]).to.equal('ServiceMonitor/demo NotInstalled')
    const left = [{ object: 'ServiceMonitor/demo', field: 'existence', wanted: 'present', found: 'missing' }]
    expect(stateOf({ live: without('ServiceMonitor/demo'), left })[0]).to.equal('ServiceMonitor/demo Drifted')
    expect(stateOf({ live: without('ServiceMonitor/demo') })[0]).to.equal('ServiceMonitor/demo Conflict')
  })
})

describe('MonitoringReady', () => {
  const object = (state: MonitoringObject['state']): MonitoringObject => ({
    name: 'ServiceMonitor/demo',
    crd: 'servicemonitors.monitoring.coreos.com',
    state,
  })
  const cases: [objects: MonitoringObject[] | null, status: string, reason: string, message: string][] = [
    [[object('InPlace')], 'True', 'AsDesired', 'ServiceMonitor/demo'],
    [[object('NotInstalled')], 'False', 'NotInstalled', 'install the CRDs of the Prometheus operator'],
    [[object('Forbidden')], 'False', 'Forbidden', 'no right to servicemonitors.monitoring.coreos.com'],
    [[object('Conflict')], 'False', 'Conflict', 'is somebody else'],
    [[object('Drifted')], 'False', 'Drifted', 'driftPolicy is not Enforce'],
    [null, 'Unknown', 'NotChecked', 'waits'],
  ]
  for (const [objects, status, reason, message] of cases) {
    it(`is ${status} with reason ${reason}, and says why`, () => {
      const finding = monitoringFinding(asked, objects)
      expect(finding).to.include({ type: 'MonitoringReady', status, reason })
      expect(finding.message).to.contain(message)
    })
  }

  it('is True where nothing is asked for', () => {
    expect(monitoringFinding(pipeline(), null)).to.include({ status: 'True', reason: 'NotRequested' })
  })
})
