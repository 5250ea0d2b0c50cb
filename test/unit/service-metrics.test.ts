import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import knex from 'knex'
import { describe, it } from 'mocha'
import { pino } from 'pino'
import { Metrics } from '../../api/metrics.ts'
import { observeDatabase } from '../../api/metrics/database-metrics.ts'
import { observeIsolation } from '../../api/metrics/isolation-metrics.ts'
import { observeQuotas } from '../../api/metrics/quota-metrics.ts'
import { operatorMetrics } from '../../operator/metrics.ts'

const root = join(import.meta.dirname, '../..')
const ADDED = ['job', 'namespace', 'instance', 'pod', 'le']
const files = ['config/prometheus/alerts.yaml', ...['api', 'ingestion', 'tenants'].map(name => `config/grafana/selfrag-${name}.json`)] // prettier-ignore

describe('what the alerts and dashboards of API and worker ask for', () => {
  const metrics = new Metrics()
  metrics.addProcessMetrics()
  const database = knex({ client: 'pg' })
  observeDatabase(database, metrics, 50)
  observeIsolation({ database, scheduled: true, now: () => new Date() }, metrics)
  observeQuotas({ database, now: () => new Date(), log: pino({ level: 'silent' }) }, metrics)
  const { registry: operator } = operatorMetrics({ build: { version: 't', revision: 't' }, queues: () => ({}), resources: () => [], informers: () => [], backups: () => [] }) // prettier-ignore
  const metricOf = (series: string) =>
    [metrics.registry, operator]
      .flatMap(registry =>
        [series, series.replace(/_(bucket|sum|count)$/, '')].map(name => registry.getSingleMetric(name)),
      ) // prettier-ignore
      .find(metric => metric !== undefined) as { labelNames: string[] } | undefined

  for (const file of files)
    it(`is exposed, with the labels that are matched: ${file}`, async () => {
      const text = (await readFile(join(root, file), 'utf8')).replaceAll('\\"', '"')
      const selectors = [...text.matchAll(/\b([a-z]\w*_[a-z0-9_]+|up)\{([^}]*)\}/g)].filter(([, name]) => name !== 'up')
      expect(selectors.length).to.be.above(1)
      for (const [, series = '', labels = ''] of selectors) {
        const metric = metricOf(series)
        expect(metric, `${series} is not exposed`).not.to.equal(undefined)
        for (const [, label = ''] of labels.matchAll(/(\w+)\s*[=!]~?"/g))
          expect([...metric!.labelNames, ...ADDED], `${series}{${label}}`).to.include(label)
      }
    })
})
