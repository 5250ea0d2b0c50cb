import { expect } from 'chai'
import knex from 'knex'
import { describe, it } from 'mocha'
import { Metrics } from '../../../api/metrics.ts'
import { observeDatabase } from '../../../api/metrics/database-metrics.ts'
import { alerts } from '../../../operator/desired/alerts.ts'
import { objectMetadata } from '../../../operator/desired/metadata.ts'
import { prometheusRule } from '../../../operator/desired/prometheus-rule.ts'
import { serviceMonitor } from '../../../operator/desired/service-monitor.ts'
import { service, workerService } from '../../../operator/desired/service.ts'
import { pipeline } from '../../support/pipelines.ts'

const asked = (labels: object = {}) => pipeline({ monitoring: { serviceMonitor: true, prometheusRule: true, labels } })
const selected = { 'app.kubernetes.io/name': 'selfrag', 'app.kubernetes.io/instance': 'demo' }

describe('the ServiceMonitor', () => {
  it('and the Service that only it needs are not there unless the spec asks for them', () => {
    expect(serviceMonitor(pipeline())).to.equal(null)
    expect(workerService(pipeline())).to.equal(null)
  })

  it('has API and worker scraped', () => {
    const of = asked({ release: 'prometheus' })
    const metadata = objectMetadata(of, 'demo')
    expect(serviceMonitor(of)).to.deep.equal({
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'ServiceMonitor',
      metadata: { ...metadata, labels: { release: 'prometheus', ...metadata.labels } },
      spec: {
        selector: {
          matchLabels: {
            ...selected,
            'app.kubernetes.io/part-of': 'selfrag',
            'app.kubernetes.io/managed-by': 'selfrag-operator',
          },
        },
        endpoints: [{ port: 'http', path: '/metrics', interval: '30s' }],
      },
    })
  })

  it('selects both Services, by a port that they have', () => {
    const { selector, endpoints } = serviceMonitor(asked())!.spec
    for (const scraped of [service(asked()), workerService(asked())!]) {
      expect(scraped.metadata.labels).to.include(selector.matchLabels)
      expect(scraped.spec.ports?.map(({ name }) => name)).to.include(endpoints[0]?.port)
    }
  })

  it('finds the workers by a Service without an address of its own', () => {
    expect(workerService(asked())).to.deep.equal({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: objectMetadata(asked(), 'demo-worker', 'worker'),
      spec: {
        type: 'ClusterIP',
        clusterIP: 'None',
        selector: { ...selected, 'app.kubernetes.io/component': 'worker' },
        ports: [{ name: 'http', port: 8020, targetPort: 'http', protocol: 'TCP' }],
      },
    })
  })

  it("keeps the operator's labels when the spec names others", () => {
    expect(serviceMonitor(asked({ 'app.kubernetes.io/instance': 'mine' }))?.metadata.labels).to.include(selected)
  })
})

describe('the PrometheusRule', () => {
  it('is not there unless the spec asks for it', () => {
    expect(prometheusRule(pipeline({ monitoring: { serviceMonitor: true } }))).to.equal(null)
  })

  it('is one group of alerts, about this pipeline', () => {
    const { metadata, spec } = prometheusRule(asked({ release: 'prometheus' }))!
    expect(metadata).to.deep.include({ name: 'demo', namespace: 'rag' })
    expect(metadata.labels).to.include({ release: 'prometheus' })
    expect(spec.groups.map(({ name }) => name)).to.deep.equal(['selfrag.rag.demo'])
    for (const { expr, labels, annotations } of spec.groups[0]!.rules) {
      expect(expr)
        .to.contain('namespace="rag"')
        .and.match(/job=~?"demo-/)
      expect(labels).to.include({ namespace: 'rag', pipeline: 'demo' })
      expect(annotations.summary).to.match(/^rag\/demo: /)
      expect(annotations.description).to.match(/\.$/)
    }
  })
})

describe('the alerts of a pipeline', () => {
  const names = (spec: Record<string, unknown>) => alerts(pipeline(spec)).map(({ alert }) => alert)

  it('ask for metrics and labels that API and worker expose', async () => {
    const metrics = new Metrics()
    const database = knex({ client: 'pg' })
    observeDatabase(database, metrics, 50)
    const exposed = new Map(
      metrics.registry.getMetricsAsArray().map(metric => [
        metric.name,
        (metric as unknown as { labelNames: string[] }).labelNames,
      ]),
    ) // prettier-ignore
    const added = ['namespace', 'job', 'pod', 'le']
    for (const { alert, expr } of alerts(asked())) {
      const series = [...expr.matchAll(/\b([a-z_]+)\{([^}]*)\}/g)]
      expect(series, alert).not.to.have.length(0)
      for (const [, name = '', matchers = ''] of series.filter(([, name]) => name !== 'up')) {
        const labels = exposed.get(name.replace(/_bucket$/, ''))
        expect(labels, `${alert}: ${name}`).not.to.equal(undefined)
        for (const [, label = ''] of matchers.matchAll(/(\w+)\s*[=!]~?"/g))
          expect([...(labels ?? []), ...added], `${alert}: ${name}`).to.include(label)
      }
    }
    await database.destroy()
  })

  it('do not complain of what is scaled to nothing on purpose', () => {
    expect(names({})).to.include.members(['SelfragApiDown', 'SelfragWorkerDown', 'SelfragIngestionStuck'])
    expect(names({ api: { replicas: 0 } })).not.to.include('SelfragApiDown')
    expect(names({ worker: { replicas: 0 } })).not.to.include.members(['SelfragWorkerDown', 'SelfragIngestionStuck'])
    expect(names({ api: { replicas: 0, autoscaling: { maxReplicas: 2 } } })).to.include('SelfragApiDown')
  })

  it('know how many connections a pod may have', () => {
    const threshold = (max: number) => alerts(pipeline({ postgres: { urlSecretRef: { name: 'demo-postgres' }, pool: { max } } })).find(({ alert }) => alert === 'SelfragDatabaseConnections')?.expr // prettier-ignore
    expect(threshold(20)).to.match(/ >= 18$/)
    expect(threshold(2)).to.match(/ >= 2$/)
  })
})
