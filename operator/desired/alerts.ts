import { namespaceOf } from '../../crds/pipeline-ref.ts'
import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import { type Component, names } from './names.ts'

/** As Prometheus has it. */
export interface AlertingRule {
  readonly alert: string
  readonly expr: string
  readonly for: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: { readonly summary: string; readonly description: string }
}

interface Alert {
  readonly alert: string
  readonly severity: 'critical' | 'warning'
  readonly expr: string
  readonly for: string
  /** What is so. */
  readonly summary: string
  /** What to look at. */
  readonly description: string
}

const PROBES = '/health|/ready|/metrics'
/** Their time is mostly the language model's. */
const ANSWERS = '/v1/rag|/v1/chat/completions'

/**
 * Alerts on a pipeline's own metrics (api/metrics.ts), which Prometheus scrapes by its ServiceMonitor: `job` is the name of
 * the Service. What scales to nothing on purpose raises none.
 */
export function alerts(pipeline: RagPipeline): AlertingRule[] {
  const { api, worker } = pipeline.spec
  const found = [
    ...(api.replicas === 0 && !api.autoscaling ? [] : [apiDown(pipeline)]),
    ...(worker.replicas === 0 ? [] : [workerDown(pipeline), ingestionStuck(pipeline)]),
    apiErrors(pipeline),
    apiSlow(pipeline),
    databaseConnections(pipeline),
    callErrors(pipeline, 'Embedding', 'embedding_calls_total', 'embedding model', 'spec.models.embedding'),
    callErrors(pipeline, 'Llm', 'llm_calls_total', 'language model', 'spec.models.llm'),
  ]
  const labels = { namespace: namespaceOf(pipeline), pipeline: pipeline.metadata.name }
  return found.map(({ alert, severity, expr, for: duration, summary, description }) => ({
    alert: `Selfrag${alert}`,
    expr,
    for: duration,
    labels: { severity, ...labels },
    annotations: { summary: `${labels.namespace}/${labels.pipeline}: ${summary}`, description },
  }))
}

function apiDown(pipeline: RagPipeline): Alert {
  return {
    alert: 'ApiDown',
    severity: 'critical',
    expr: `absent(up{${of(pipeline, 'api')}} == 1)`,
    for: '1m',
    summary: 'no API pod answers',
    description: `See the conditions of the RagPipeline and kubectl -n ${namespaceOf(pipeline)} describe deployment ${names.deployment(pipeline, 'api')}.`,
  }
}

function workerDown(pipeline: RagPipeline): Alert {
  return {
    alert: 'WorkerDown',
    severity: 'warning',
    expr: `absent(up{${of(pipeline, 'worker')}} == 1)`,
    for: '5m',
    summary: 'no worker answers, documents are not ingested',
    description: `See the conditions of the RagPipeline and kubectl -n ${namespaceOf(pipeline)} describe deployment ${names.deployment(pipeline, 'worker')}.`,
  }
}

function ingestionStuck(pipeline: RagPipeline): Alert {
  const jobs = (status: string) => `max(queue_jobs{${of(pipeline)},status="${status}"})`
  return {
    alert: 'IngestionStuck',
    severity: 'warning',
    expr: `${jobs('queued')} > 0 and ${jobs('running')} == 0`,
    for: '15m',
    summary: '{{ $value }} documents wait and no worker takes one',
    description: 'See the logs of the workers and their /ready: the database, the vector store or the embedding model may be away.', // prettier-ignore
  }
}

function apiErrors(pipeline: RagPipeline): Alert {
  const requests = (status: string) =>
    `sum(rate(http_requests_total{${of(pipeline, 'api')},route!~"${PROBES}"${status}}[5m]))`
  return {
    alert: 'ApiErrors',
    severity: 'warning',
    expr: `${requests(',status=~"5.."')} / ${requests('')} > 0.05`,
    for: '2m',
    summary: '{{ $value | humanizePercentage }} of requests fail',
    description: 'See /ready of the API, which says what is away, and the lines of level ERROR in its logs.',
  }
}

function apiSlow(pipeline: RagPipeline): Alert {
  const matchers = `${of(pipeline, 'api')},route!~"${PROBES}|${ANSWERS}"`
  return {
    alert: 'ApiSlow',
    severity: 'warning',
    expr: `histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket{${matchers}}[5m]))) > 5`,
    for: '5m',
    summary: 'one request in a hundred takes {{ $value | humanizeDuration }} or longer',
    description: 'Compare retrieval_operation_duration_seconds, embedding_call_duration_seconds and database_query_duration_seconds; answers of the language model are left out.', // prettier-ignore
  }
}

function databaseConnections(pipeline: RagPipeline): Alert {
  const { max } = pipeline.spec.postgres.pool
  return {
    alert: 'DatabaseConnections',
    severity: 'warning',
    expr: `max by (pod) (database_connections_active{${of(pipeline)}}) >= ${Math.ceil(0.9 * max)}`,
    for: '2m',
    summary: `pod {{ $labels.pod }} uses {{ $value }} of ${max} database connections`,
    description: 'Raise spec.postgres.pool.max, as far as max_connections of Postgres allows, or run more pods with fewer each.', // prettier-ignore
  }
}

function callErrors(pipeline: RagPipeline, name: string, metric: string, what: string, field: string): Alert {
  const calls = (outcome: string) => `sum(rate(${metric}{${of(pipeline)}${outcome}}[5m]))`
  return {
    alert: `${name}Errors`,
    severity: 'warning',
    expr: `${calls(',outcome="error"')} / ${calls('')} > 0.1`,
    for: '5m',
    summary: `{{ $value | humanizePercentage }} of the calls of the ${what} fail`,
    description: `See the logs of API and worker for the provider's answers, and ${field} for its address and key.`,
  }
}

/** Matchers of one component's targets, or of both. */
function of(pipeline: RagPipeline, component?: Component): string {
  const services = { api: names.service(pipeline), worker: names.workerService(pipeline) }
  const job = component ? `job="${services[component]}"` : `job=~"${services.api}|${services.worker}"`
  return `namespace="${namespaceOf(pipeline)}",${job}`
}
