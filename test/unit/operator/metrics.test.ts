import { expect } from 'chai'
import { beforeEach, describe, it } from 'mocha'
import { type MeasuredBackup } from '../../../operator/metrics/backup-metrics.ts'
import { type MeasuredResource } from '../../../operator/metrics/resource-metrics.ts'
import { type MetricSources, type OperatorMetrics, operatorMetrics } from '../../../operator/metrics.ts'

const tenant = (name: string, conditions: Record<string, 'True' | 'False' | 'Unknown'>): MeasuredResource => ({
  kind: 'RagTenant',
  metadata: { namespace: 'default', name },
  status: { conditions: Object.entries(conditions).map(([type, status]) => ({ type, status })) },
})
const queue = { depth: 2, failing: 1, running: 3, longestWaitMs: 1500, longestRunMs: 250 }

describe('metrics of the operator', () => {
  let resources: MeasuredResource[]
  let backups: MeasuredBackup[]
  let queues: ReturnType<MetricSources['queues']>
  let metrics: OperatorMetrics

  beforeEach(() => {
    resources = []
    backups = []
    queues = {}
    metrics = operatorMetrics({
      build: { version: '1.2.3', revision: 'abc' },
      queues: () => queues,
      resources: () => resources,
      informers: () => [
        { kind: 'Secret', size: 7, silentFor: 2000 },
        { kind: 'RagTenant', size: 0, silentFor: null },
      ],
      backups: () => backups,
    })
  })

  /** Lines of a metric, without its name. */
  async function lines(name: string): Promise<string[]> {
    const text = await metrics.registry.getSingleMetricAsString(`selfrag_operator_${name}`)
    return text.split('\n').filter(line => line !== '' && !line.startsWith('#')).map(line => line.replace(`selfrag_operator_${name}`, '')) // prettier-ignore
  }

  it('tells the present status of each condition, and forgets a resource that is gone', async () => {
    resources = [tenant('acme', { Ready: 'True', SchemaReady: 'True' }), tenant('new', {})]
    const labels = (name: string, condition: string, status: string) =>
      `{kind="RagTenant",namespace="default",name="${name}",condition="${condition}",status="${status}"} 1`
    expect(await lines('condition')).to.deep.equal([
      labels('acme', 'Ready', 'True'),
      labels('acme', 'SchemaReady', 'True'),
      labels('new', 'Ready', 'Unknown'),
    ])
    expect(await lines('resources')).to.have.members([
      '{kind="RagTenant",ready="True"} 1',
      '{kind="RagTenant",ready="Unknown"} 1',
    ])
    resources = [tenant('acme', { Ready: 'False' })]
    expect(await lines('condition')).to.deep.equal([labels('acme', 'Ready', 'False')])
    expect(await lines('resources')).to.deep.equal(['{kind="RagTenant",ready="False"} 1'])
  })

  it('tells when backups were begun and complete, and forgets those that are not asked for any more', async () => {
    const told = async () => [await lines('backup_last_schedule_timestamp_seconds'), await lines('backup_last_success_timestamp_seconds')] // prettier-ignore
    const of = { namespace: 'default', name: 'demo' }
    const labels = '{namespace="default",name="demo"}'
    backups = [{ ...of, lastSchedule: undefined, lastSuccess: undefined }]
    expect(await told()).to.deep.equal([[], [`${labels} 0`]])
    backups = [{ ...of, lastSchedule: '1970-01-02T00:00:00Z', lastSuccess: '1970-01-02T00:01:00Z' }]
    expect(await told()).to.deep.equal([[`${labels} 86400`], [`${labels} 86460`]])
    backups = []
    expect(await told()).to.deep.equal([[], []])
  })

  it('tells the queues of a leader, and nothing of them afterwards', async () => {
    queues = { tenant: queue }
    const value = async (name: string) => (await lines(name)).join()
    expect(await value('queue_depth')).to.equal('{controller="tenant"} 2')
    expect(await value('queue_failing')).to.equal('{controller="tenant"} 1')
    expect(await value('queue_longest_wait_seconds')).to.equal('{controller="tenant"} 1.5')
    expect(await value('reconciles_running')).to.equal('{controller="tenant"} 3')
    expect(await value('reconcile_longest_running_seconds')).to.equal('{controller="tenant"} 0.25')
    queues = {}
    expect(await value('queue_depth')).to.equal('')
  })

  it('counts runs, and those that repeat a failed one', async () => {
    metrics.run('tenant', { outcome: 'failed', seconds: 0.2, retry: false })
    metrics.run('tenant', { outcome: 'done', seconds: 0.2, retry: true })
    metrics.waited('tenant', 20)
    expect(await lines('reconciles_total')).to.deep.equal([
      '{controller="tenant",outcome="failed"} 1',
      '{controller="tenant",outcome="done"} 1',
    ])
    expect(await lines('retries_total')).to.deep.equal(['{controller="tenant"} 1'])
    expect(await lines('reconcile_seconds')).to.include('_count{controller="tenant"} 2')
    expect(await lines('queue_wait_seconds')).to.include('_sum{controller="tenant"} 0.02')
  })

  it('counts what went wrong in stores and at the API server', async () => {
    metrics.storeFault({ store: 'vectors', reason: 'Unreachable', message: 'away' })
    metrics.restarted('Secret', 'expired')
    metrics.request({ verb: 'apply', resource: 'secrets', code: '200', seconds: 0.01 })
    expect(await lines('store_errors_total')).to.deep.equal(['{store="vectors",reason="Unreachable"} 1'])
    expect(await lines('informer_restarts_total')).to.deep.equal(['{kind="Secret",reason="expired"} 1'])
    expect(await lines('kubernetes_requests_total')).to.deep.equal(['{verb="apply",resource="secrets",code="200"} 1'])
    expect(await lines('kubernetes_request_seconds')).to.include('_count{verb="apply",resource="secrets"} 1')
    expect(await lines('informer_objects')).to.deep.equal(['{kind="Secret"} 7', '{kind="RagTenant"} 0'])
    expect(await lines('informer_silent_seconds')).to.deep.equal(['{kind="Secret"} 2'])
  })

  it('tells what runs', async () => {
    const build = `{version="1.2.3",revision="abc",node="${process.version}"} 1`
    expect(await lines('build_info')).to.deep.equal([build])
    metrics.leading(true)
    expect(await lines('leader')).to.deep.equal([' 1'])
  })
})
