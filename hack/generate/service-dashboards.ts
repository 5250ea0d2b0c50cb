import type { Dashboard } from './grafana-model.ts'

const of = (metric: string, matchers = '') => `${metric}{job=~"$job"${matchers}}`
const rate = (metric: string, by: string, matchers = '') => `sum by (${by}) (rate(${of(metric, matchers)}[$__rate_interval]))` // prettier-ignore
const quantile = (q: number, metric: string, by: string) =>
  `histogram_quantile(${q}, sum by (${by}, le) (rate(${of(`${metric}_bucket`)}[$__rate_interval])))`
const worst = (metric: string, by: string) => `max by (${by}) (${of(metric)})`
const PROBES = ',route!~"/health|/ready|/metrics"'

const job = { job: 'label_values(http_requests_total, job)' }

/** Over the metrics of API and worker (api/metrics.ts), whoever runs them. */
export const serviceDashboards = [
  {
    uid: 'selfrag-api',
    title: 'selfrag API',
    description: 'Requests, searches, models and the database. Generated from hack/generate/service-dashboards.ts.',
    variables: job,
    rows: {
      Requests: [
        { title: 'Requests', description: 'By status.', type: 'timeseries', width: 8, unit: 'reqps', queries: { '{{status}}': rate('http_requests_total', 'status', PROBES) } },
        { title: 'Failed', description: 'Share of requests that were answered with 5xx.', type: 'timeseries', width: 8, unit: 'percentunit', queries: { failed: `sum(rate(${of('http_requests_total', `${PROBES},status=~"5.."`)}[$__rate_interval])) / sum(rate(${of('http_requests_total', PROBES)}[$__rate_interval]))` } },
        { title: 'Duration', description: 'At the 99th percentile, by route.', type: 'timeseries', width: 8, unit: 's', queries: { '{{route}}': quantile(0.99, 'http_request_duration_seconds', 'route') } },
      ],
      Refused: [
        { title: 'Errors', description: 'By the code that callers are told: quotas, rate limits, keys, models.', type: 'timeseries', width: 24, unit: 'reqps', queries: { '{{code}}': rate('http_errors_total', 'code') } },
      ],
      'Searches and models': [
        { title: 'Searches', description: 'By retriever and outcome.', type: 'timeseries', width: 8, unit: 'reqps', queries: { '{{retriever}} {{outcome}}': rate('retrieval_operations_total', 'retriever, outcome') } },
        { title: 'Language model', description: 'Calls by provider and outcome; duration at the 95th percentile.', type: 'timeseries', width: 8, queries: { '{{provider}} {{outcome}}': rate('llm_calls_total', 'provider, outcome'), '{{provider}} p95 s': quantile(0.95, 'llm_call_duration_seconds', 'provider') } },
        { title: 'Embeddings', description: 'Calls by provider and outcome; duration at the 95th percentile.', type: 'timeseries', width: 8, queries: { '{{provider}} {{outcome}}': rate('embedding_calls_total', 'provider, outcome'), '{{provider}} p95 s': quantile(0.95, 'embedding_call_duration_seconds', 'provider') } },
      ],
      Tokens: [
        { title: 'Tokens', description: 'Read and written, as providers count them.', type: 'timeseries', width: 12, queries: { '{{use}} {{provider}} {{direction}}': rate('model_tokens_total', 'use, provider, direction') } },
        { title: 'Retries', description: 'Requests to models that were sent again.', type: 'timeseries', width: 12, unit: 'reqps', queries: { '{{use}} {{provider}}': rate('model_retries_total', 'use, provider') } },
      ],
      'Database and process': [
        { title: 'Connections', description: 'In use, and what a process may have.', type: 'timeseries', width: 8, queries: { '{{instance}}': worst('database_connections_active', 'instance'), limit: worst('database_connections_limit', 'job') } },
        { title: 'Queries', description: 'At the 99th percentile.', type: 'timeseries', width: 8, unit: 's', queries: { p99: quantile(0.99, 'database_query_duration_seconds', 'job') } },
        { title: 'Memory', description: 'Resident.', type: 'timeseries', width: 8, unit: 'bytes', queries: { '{{instance}}': worst('process_resident_memory_bytes', 'instance') } },
      ],
    },
  },
  {
    uid: 'selfrag-ingestion',
    title: 'selfrag ingestion',
    description: 'The queue of documents, and what working on it takes. Generated from hack/generate/service-dashboards.ts.',
    variables: job,
    rows: {
      Queue: [
        { title: 'Jobs', description: 'Not finished, by state.', type: 'timeseries', width: 12, queries: { '{{status}}': worst('queue_jobs', 'status') } },
        { title: 'Embedding calls', description: 'By outcome.', type: 'timeseries', width: 12, unit: 'reqps', queries: { '{{provider}} {{outcome}}': rate('embedding_calls_total', 'provider, outcome') } },
      ],
      Process: [
        { title: 'CPU', description: 'Cores.', type: 'timeseries', width: 8, unit: 'percentunit', queries: { '{{instance}}': rate('process_cpu_seconds_total', 'instance') } },
        { title: 'Memory', description: 'Resident.', type: 'timeseries', width: 8, unit: 'bytes', queries: { '{{instance}}': worst('process_resident_memory_bytes', 'instance') } },
        { title: 'Age of the newest backup', description: 'Of database and vectors.', type: 'timeseries', width: 8, unit: 's', queries: { age: `time() - max(${of('backup_last_success_timestamp_seconds')})` } },
      ],
    },
  },
  {
    uid: 'selfrag-tenants',
    title: 'selfrag tenants',
    description: 'RagTenants, by the conditions that the operator gives them. Generated from hack/generate/service-dashboards.ts.',
    variables: { namespace: 'label_values(selfrag_operator_condition, namespace)' },
    rows: {
      Tenants: [
        { title: 'Tenants', description: 'By the status of their condition Ready.', type: 'stat', width: 12, queries: { '{{ready}}': 'max by (ready) (selfrag_operator_resources{kind="RagTenant"})' } },
        { title: 'Isolation', description: 'Attempts to reach other tenants: all have to be refused.', type: 'timeseries', width: 12, unit: 'reqps', queries: { '{{outcome}}': 'sum by (outcome) (rate(selfrag_operator_isolation_checks_total[$__rate_interval]))' } },
        { title: 'Not ready', description: 'Their condition says why.', type: 'table', width: 24, queries: { '': 'max by (namespace, name, condition) (selfrag_operator_condition{namespace=~"$namespace",kind="RagTenant",status="False"}) == 1' } },
      ],
      Quotas: [
        { title: 'Quotas that are nearly used up', description: 'Above 80 %. Needs METRICS_TENANT_LABEL in the worker.', type: 'table', width: 24, unit: 'percentunit', queries: { '': 'max by (tenant, quota) (tenant_quota_used / (tenant_quota_limit > 0)) > 0.8' } },
      ],
    },
  },
] as const satisfies readonly Dashboard[] // prettier-ignore
