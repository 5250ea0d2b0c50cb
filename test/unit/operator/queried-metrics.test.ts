import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { operatorMetrics } from '../../../operator/metrics.ts'

const files = join(import.meta.dirname, '../../../charts/selfrag/files')
/** Labels that Prometheus adds, and `le` of histograms. */
const ADDED = ['job', 'namespace', 'instance', 'pod', 'le']

describe('what alerts and dashboard ask for', () => {
  const { registry } = operatorMetrics({
    build: { version: 'test', revision: 'test' },
    queues: () => ({}),
    resources: () => [],
    informers: () => [],
    backups: () => [],
  })
  /** The metric behind a series: a histogram has three. */
  const metricOf = (series: string) => [series, series.replace(/_(bucket|sum|count)$/, '')].map(name => registry.getSingleMetric(name)).find(metric => metric !== undefined) // prettier-ignore
  const labelsOf = (series: string) => (metricOf(series) as unknown as { labelNames: string[] }).labelNames

  for (const file of ['alerts.yaml', 'dashboard.json'])
    it(`is exposed by the operator: ${file}`, async () => {
      // JSON escapes the quotes of matchers.
      const text = (await readFile(join(files, file), 'utf8')).replaceAll('\\"', '"')
      const series = new Set(text.match(/\b(selfrag_operator|nodejs|process)_[a-z0-9_]+/g))
      expect(series.size).to.be.above(8)
      expect(
        [...series].filter(name => metricOf(name) === undefined),
        'asked for and not exposed',
      ).to.deep.equal([])
    })

  for (const file of ['alerts.yaml', 'dashboard.json'])
    it(`has the labels that are matched: ${file}`, async () => {
      const text = (await readFile(join(files, file), 'utf8')).replaceAll('\\"', '"')
      const matchers = [...text.matchAll(/\b(selfrag_operator_[a-z0-9_]+)\{([^}]*)\}/g)]
      expect(matchers.length).to.be.above(0)
      for (const [, series = '', labels = ''] of matchers)
        for (const [, label = ''] of labels.matchAll(/(\w+)\s*[=!]~?"/g))
          expect([...labelsOf(series), ...ADDED], `${series}{${label}}`).to.include(label)
    })
})
