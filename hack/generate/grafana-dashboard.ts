import type { GeneratedFile } from './generated-file.ts'
import { type Dashboard, renderDashboard } from './grafana-model.ts'
import { serviceDashboards } from './service-dashboards.ts'

/** charts/selfrag/files/dashboard.json, and what config/grafana has for API, ingestion and tenants. */
export function grafanaDashboards(): GeneratedFile[] {
  const services = serviceDashboards.map(dashboard => ({ path: `config/grafana/${dashboard.uid}.json`, content: renderDashboard(dashboard) })) // prettier-ignore
  return [{ path: 'charts/selfrag/files/dashboard.json', content: renderDashboard(operatorDashboard) }, ...services]
}

const resources = (kind: string) => `max by (ready) (selfrag_operator_resources{kind="${kind}"})`
const conditions = (labels: string) =>
  `max by (kind, namespace, name, condition) (selfrag_operator_condition{namespace=~"$namespace", ${labels}}) == 1`
const quantile = (q: number, metric: string, by: string) =>
  `histogram_quantile(${q}, sum by (${by}, le) (rate(selfrag_operator_${metric}_bucket[$__rate_interval])))`
const rate = (metric: string, by: string) => `sum by (${by}) (rate(selfrag_operator_${metric}[$__rate_interval]))`
const worst = (metric: string, by: string) => `max by (${by}) (selfrag_operator_${metric})`

const operatorDashboard = {
  uid: 'selfrag-operator',
  title: 'selfrag operator',
  description: 'RagPipelines, RagTenants and the operator that reconciles them. Generated from hack/generate/grafana-dashboard.ts.',
  variables: { namespace: 'label_values(selfrag_operator_condition, namespace)' },
  rows: {
  'Pipelines and tenants': [
    { title: 'Pipelines', description: 'By the status of their condition Ready.', type: 'stat', width: 4, queries: { '{{ready}}': resources('RagPipeline') } },
    { title: 'Tenants', description: 'By the status of their condition Ready.', type: 'stat', width: 4, queries: { '{{ready}}': resources('RagTenant') } },
    { title: 'Leaders', description: 'One replica of the operator should lead.', type: 'stat', width: 4, queries: { leaders: 'sum(selfrag_operator_leader)' } },
    { title: 'Failing', description: 'Resources whose last reconciliation ended in an error.', type: 'stat', width: 4, bad: true, queries: { '{{controller}}': worst('queue_failing', 'controller') } },
    { title: 'Version', description: 'What runs.', type: 'stat', width: 8, queries: { '{{version}} {{revision}}': 'count by (version, revision) (selfrag_operator_build_info)' } },
    { title: 'Not ready', description: 'Their condition Ready says why, and what to do: `kubectl get ragp,ragt -A -o wide`.', type: 'table', width: 12, queries: { '': conditions('condition="Ready", status!="True"') } },
    { title: 'Degraded', description: 'Something needs a person.', type: 'table', width: 12, queries: { '': conditions('condition="Degraded", status="True"') } },
  ],
  Reconciling: [
    { title: 'Reconciliations', description: 'By controller and how they ended.', type: 'timeseries', width: 8, unit: 'reqps', queries: { '{{controller}} {{outcome}}': rate('reconciles_total', 'controller, outcome') } },
    { title: 'Duration', description: 'Median and 99th percentile.', type: 'timeseries', width: 8, unit: 's', queries: { '{{controller}} p50': quantile(0.5, 'reconcile_seconds', 'controller'), '{{controller}} p99': quantile(0.99, 'reconcile_seconds', 'controller') } },
    { title: 'Retries', description: 'Reconciliations of resources whose reconciliation before had failed.', type: 'timeseries', width: 8, unit: 'reqps', queries: { '{{controller}}': rate('retries_total', 'controller') } },
    { title: 'Queue', description: 'Resources that wait for a worker, and reconciliations that run.', type: 'timeseries', width: 8, queries: { '{{controller}} waiting': worst('queue_depth', 'controller'), '{{controller}} running': worst('reconciles_running', 'controller') } },
    { title: 'Wait in the queue', description: 'From a change to a worker that takes it, at the 99th percentile; and the longest wait now.', type: 'timeseries', width: 8, unit: 's', queries: { '{{controller}} p99': quantile(0.99, 'queue_wait_seconds', 'controller'), '{{controller}} longest now': worst('queue_longest_wait_seconds', 'controller') } },
    { title: 'Longest running', description: 'A reconciliation that hangs takes up a worker.', type: 'timeseries', width: 8, unit: 's', queries: { '{{controller}}': worst('reconcile_longest_running_seconds', 'controller') } },
  ],
  Stores: [
    { title: 'Changes in the stores', description: 'By kind of step; still when everything is as desired.', type: 'timeseries', width: 12, unit: 'reqps', queries: { '{{kind}}': rate('steps_total', 'kind') } },
    { title: 'Errors of the stores', description: 'By the reason that the condition gives.', type: 'timeseries', width: 12, unit: 'reqps', queries: { '{{store}} {{reason}}': rate('store_errors_total', 'store, reason') } },
  ],
  'Kubernetes API': [
    { title: 'Requests', description: 'By verb.', type: 'timeseries', width: 8, unit: 'reqps', queries: { '{{verb}}': rate('kubernetes_requests_total', 'verb') } },
    { title: 'Refused or failed', description: 'By status; none: no answer came.', type: 'timeseries', width: 8, unit: 'reqps', queries: { '{{verb}} {{resource}} {{code}}': rate('kubernetes_requests_total{code!~"2.."}', 'verb, resource, code') } },
    { title: 'Time to the answer', description: 'At the 99th percentile.', type: 'timeseries', width: 8, unit: 's', queries: { '{{verb}}': quantile(0.99, 'kubernetes_request_seconds', 'verb') } },
    { title: 'Objects followed', description: 'Sizes of the caches.', type: 'timeseries', width: 8, queries: { '{{kind}}': worst('informer_objects', 'kind') } },
    { title: 'Silence', description: 'Since when nothing was heard; about a minute at most while all is well.', type: 'timeseries', width: 8, unit: 's', queries: { '{{kind}}': worst('informer_silent_seconds', 'kind') } },
    { title: 'Watches begun anew', description: 'By reason.', type: 'timeseries', width: 8, unit: 'reqps', queries: { '{{kind}} {{reason}}': rate('informer_restarts_total', 'kind, reason') } },
  ],
  Process: [
    { title: 'Memory', description: 'Resident.', type: 'timeseries', width: 8, unit: 'bytes', queries: { '{{pod}}': 'process_resident_memory_bytes and on (instance) selfrag_operator_build_info' } },
    { title: 'CPU', description: 'Cores.', type: 'timeseries', width: 8, unit: 'percentunit', queries: { '{{pod}}': 'rate(process_cpu_seconds_total[$__rate_interval]) and on (instance) selfrag_operator_build_info' } },
    { title: 'Event loop', description: 'Delay at the 99th percentile.', type: 'timeseries', width: 8, unit: 's', queries: { '{{pod}}': 'nodejs_eventloop_lag_p99_seconds and on (instance) selfrag_operator_build_info' } },
  ],
} } as const satisfies Dashboard // prettier-ignore
