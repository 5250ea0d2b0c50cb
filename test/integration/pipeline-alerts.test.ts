import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { prometheusRule } from '../../operator/desired/prometheus-rule.ts'
import { orSkip } from '../support/missing-part.ts'
import { pipeline } from '../support/pipelines.ts'
import { runTool, toolPath } from '../support/tool.ts'

interface Case {
  /** Series and their values, a minute apart, in promtool's words. */
  readonly fires: Readonly<Record<string, string>>
  readonly silent: Readonly<Record<string, string>>
  /** Minutes until it has to fire. */
  readonly after: number
  readonly severity: 'critical' | 'warning'
}

const api = 'namespace="rag",job="demo-api",pod="a"'
const worker = 'namespace="rag",job="demo-worker",pod="w"'
const request = (route: string, status: string) => `http_requests_total{${api},method="GET",route="${route}",status="${status}"}` // prettier-ignore
const bucket = (route: string, le: string) => `http_request_duration_seconds_bucket{${api},method="POST",route="${route}",le="${le}"}` // prettier-ignore
const call = (metric: string, outcome: string) => `${metric}{${worker},provider="openai",outcome="${outcome}"}`

const cases: Readonly<Record<string, Case>> = {
  SelfragApiDown: {
    after: 3,
    severity: 'critical',
    fires: { [`up{${api}}`]: '0x5', 'up{namespace="other",job="demo-api"}': '1x5' },
    silent: { [`up{${api}}`]: '0x5', 'up{namespace="rag",job="demo-api",pod="b"}': '1x5' },
  },
  SelfragWorkerDown: {
    after: 7,
    severity: 'warning',
    fires: { [`up{${api}}`]: '1x10' },
    silent: { [`up{${worker}}`]: '1x10' },
  },
  SelfragIngestionStuck: {
    after: 17,
    severity: 'warning',
    fires: { [`queue_jobs{${api},status="queued"}`]: '4x20', [`queue_jobs{${api},status="running"}`]: '0x20' },
    silent: { [`queue_jobs{${api},status="queued"}`]: '4x20', [`queue_jobs{${api},status="running"}`]: '1x20' },
  },
  SelfragApiErrors: {
    after: 10,
    severity: 'warning',
    fires: { [request('/v1/retrieve', '200')]: '0+90x15', [request('/v1/retrieve', '503')]: '0+10x15' },
    // A pod that is not ready answers its probes with 503; that is no failed request.
    silent: { [request('/v1/retrieve', '200')]: '0+90x15', [request('/ready', '503')]: '0+100x15' },
  },
  SelfragApiSlow: {
    after: 12,
    severity: 'warning',
    fires: { [bucket('/v1/retrieve', '5')]: '0+90x15', [bucket('/v1/retrieve', '10')]: '0+100x15', [bucket('/v1/retrieve', '+Inf')]: '0+100x15' }, // prettier-ignore
    silent: { [bucket('/v1/rag', '5')]: '0+0x15', [bucket('/v1/rag', '10')]: '0+100x15', [bucket('/v1/rag', '+Inf')]: '0+100x15' }, // prettier-ignore
  },
  SelfragDatabaseConnections: {
    after: 4,
    severity: 'warning',
    fires: { [`database_connections_active{${api}}`]: '18x10' },
    silent: { [`database_connections_active{${api}}`]: '17x10', [`database_connections_active{${worker}}`]: '17x10' },
  },
  SelfragEmbeddingErrors: {
    after: 12,
    severity: 'warning',
    fires: { [call('embedding_calls_total', 'success')]: '0+80x15', [call('embedding_calls_total', 'error')]: '0+20x15' }, // prettier-ignore
    silent: { [call('embedding_calls_total', 'success')]: '0+99x15', [call('embedding_calls_total', 'error')]: '0+1x15' }, // prettier-ignore
  },
  SelfragLlmErrors: {
    after: 12,
    severity: 'warning',
    fires: { [call('llm_calls_total', 'success')]: '0+80x15', [call('llm_calls_total', 'error')]: '0+20x15' },
    silent: { [call('llm_calls_total', 'success')]: '0+99x15', [call('llm_calls_total', 'error')]: '0+1x15' },
  },
}

describe('the alerts of a pipeline', () => {
  let folder: string
  const { groups } = prometheusRule(pipeline({ monitoring: { serviceMonitor: true, prometheusRule: true } }))!.spec
  const rules = groups.flatMap(group => group.rules)

  before(async function () {
    this.timeout(120_000)
    await orSkip(this, toolPath('promtool'))
    folder = await mkdtemp(join(tmpdir(), 'selfrag-alerts-'))
    await writeFile(join(folder, 'rules.json'), JSON.stringify({ groups }))
  })

  after(async () => {
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  it('are rules that Prometheus takes', async () => {
    const told = await runTool('promtool', ['check', 'rules', join(folder, 'rules.json')])
    expect(told).to.contain(`SUCCESS: ${rules.length} rules found`)
  })

  it('are all tried below', () => {
    expect(Object.keys(cases)).to.have.members(rules.map(({ alert }) => alert))
  })

  for (const { alert, expr } of rules) {
    it(`${alert} fires when it should, and only then`, async () => {
      const { fires, silent, after: minutes, severity } = cases[alert]!
      // What an alert fires with besides its own labels depends on the expression; the number of alerts is what counts.
      const by = /by \(pod\)/.test(expr) ? { pod: 'a' } : {}
      const labels = { severity, namespace: 'rag', pipeline: 'demo', ...by }
      const rule = (shouldFire: boolean) => ({ eval_time: `${minutes}m`, alertname: alert, exp_alerts: shouldFire ? [{ exp_labels: labels, exp_annotations: annotations(alert) }] : [] }) // prettier-ignore
      const series = (of: Readonly<Record<string, string>>) => Object.entries(of).map(([name, values]) => ({ series: name, values })) // prettier-ignore
      const tests = ([[fires, true], [silent, false]] as const).map(([input, shouldFire]) => ({
        interval: '1m',
        input_series: series(input),
        alert_rule_test: [rule(shouldFire)],
      })) // prettier-ignore
      const file = join(folder, `${alert}.json`)
      await writeFile(file, JSON.stringify({ rule_files: ['rules.json'], evaluation_interval: '1m', tests }))
      expect(await runTool('promtool', ['test', 'rules', file])).to.contain('SUCCESS')
    })
  }

  /** As they read with the values of the cases. */
  function annotations(alert: string): object {
    const value = { SelfragIngestionStuck: '4', SelfragApiErrors: '10%', SelfragApiSlow: '9.5s', SelfragDatabaseConnections: '18', SelfragEmbeddingErrors: '20%', SelfragLlmErrors: '20%' }[alert] ?? '' // prettier-ignore
    const { summary, description } = rules.find(rule => rule.alert === alert)!.annotations
    const told = summary.replace(/\{\{ \$value[^}]*\}\}/, value).replace('{{ $labels.pod }}', 'a')
    return { summary: told, description }
  }
})
