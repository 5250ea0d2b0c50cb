import { z } from 'zod'
import { operatorConfigSchema } from '../operator/config.ts'

/** What Kubernetes defines itself; the API server checks it. */
const anything = (what: string) => z.record(z.string(), z.unknown()).default({}).describe(what)
const list = (what: string) => z.array(z.record(z.string(), z.unknown())).default([]).describe(what)
const labels = (what: string) => z.record(z.string(), z.string()).default({}).describe(what)
const namespaceName = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/)

const section = <T extends z.ZodRawShape>(what: string, shape: T) =>
  z
    .strictObject(shape)
    .prefault({} as never)
    .describe(what)

const imageSection = section('Image of the operator.', {
  repository: z.string().min(1).default('selfrag-operator').describe('Where it is.'),
  tag: z.string().default('').describe("Tag, or a digest `sha256:…`; empty: the chart's appVersion."),
  pullPolicy: z.enum(['IfNotPresent', 'Always', 'Never']).default('IfNotPresent').describe('When it is pulled.'),
})

const leaderElectionSection = section('Of several replicas one leads; the others take over when it ends.', {
  enabled: z.boolean().default(true).describe('Whether they elect. Off only with one replica.'),
  leaseSeconds: z.int().min(2).max(600).default(15).describe('After so long without a sign of life others take over.'),
})

const metricsSection = section('What the operator tells about itself.', {
  service: z.boolean().default(true).describe('Whether there is a Service for /metrics.'),
  serviceMonitor: section('For the Prometheus operator, whose CRDs must be there.', {
    enabled: z.boolean().default(false).describe('Whether there is a ServiceMonitor.'),
    interval: z.string().default('30s').describe('How often it is scraped.'),
    labels: labels('Labels by which a Prometheus selects it.'),
  }),
  prometheusRule: section('Alerts on pipelines, tenants and the operator; docs/operations/runbooks.md has a section for each.', {
    enabled: z.boolean().default(false).describe('Whether there is a PrometheusRule.'),
    labels: labels('Labels by which a Prometheus selects it.'),
  }),
  dashboard: section("A ConfigMap that Grafana's sidecar loads.", {
    enabled: z.boolean().default(false).describe('Whether there is one.'),
    labels: z.record(z.string(), z.string()).default({ grafana_dashboard: '1' }).describe('Labels by which the sidecar finds it.'), // prettier-ignore
  }),
}) // prettier-ignore

const podSection = section('Where and how the pods run.', {
  annotations: labels('Annotations of the pods.'),
  labels: labels('Labels of the pods, besides the chart\'s.'), // prettier-ignore
  nodeSelector: labels('Nodes to run on.'),
  tolerations: list('Taints to tolerate.'),
  affinity: anything('Affinity.'),
  priorityClassName: z.string().default('').describe('Priority class.'),
  topologySpreadConstraints: list('How replicas spread; empty: over nodes, as far as possible.'),
})

const storage = (size: string) =>
  section('Volume.', {
    size: z.string().min(2).default(size).describe('How large.'),
    className: z.string().default('').describe("Storage class; empty: the cluster's default."),
  })
const store = (name: string, image: string, user: number, size: string) =>
  section(`${name}.`, {
    image: z.string().min(1).default(image).describe('Image with its tag.'),
    user: z.int().min(1).default(user).describe('User and group that the image runs as; never root.'),
    resources: anything('Requests and limits.'),
    storage: storage(size),
  })

const storesSection = section(
  'Postgres, Qdrant and Redis in the cluster, one pod each: to try selfrag out. Use servers that somebody looks after for more.',
  {
    enabled: z.boolean().default(false).describe('Whether they run.'),
    existingSecret: z
      .string()
      .default('')
      .describe('Secret with the keys postgres-password, postgres-url, redis-password, redis-url and qdrant-api-key; empty: one is made with random passwords and kept. Set it where manifests are rendered without a cluster, as by Argo CD.'), // prettier-ignore
    postgres: store('Postgres', 'postgres:17-bookworm', 999, '5Gi'),
    qdrant: store('Qdrant', 'qdrant/qdrant:v1.18.0', 1000, '5Gi'),
    redis: section('Redis, for rate limits and caches; it keeps nothing on disk.', {
      image: z.string().min(1).default('redis:7-alpine').describe('Image with its tag.'),
      user: z.int().min(1).default(999).describe('User and group that the image runs as; never root.'),
      resources: anything('Requests and limits.'),
    }),
  },
)

/**
 * Every value of charts/selfrag. `npm run generate` writes values.yaml, values.schema.json and the table of the README
 * from it.
 */
export const chartValuesSchema = z.strictObject({
  image: imageSection,
  apiImage: z.string().default('').describe('Image of API and worker for pipelines that name none; empty: `selfrag-api` with the tag of the chart\'s appVersion.'), // prettier-ignore
  imagePullSecrets: z.array(z.strictObject({ name: z.string().min(1) })).default([]).describe('Secrets to pull the operator\'s image with.'), // prettier-ignore
  nameOverride: z.string().max(40).default('').describe("In place of the chart's name."),
  fullnameOverride: z.string().max(40).default('').describe('Beginning of the name of every object.'),
  watchNamespaces: z
    .array(namespaceName)
    .default([])
    .describe('Namespaces whose resources are reconciled; empty: all. The operator has rights in these only, and they must exist.'), // prettier-ignore
  replicas: z.int().min(0).max(9).default(2).describe('Pods of the operator; one leads.'),
  leaderElection: leaderElectionSection,
  logLevel: z.enum(operatorConfigSchema.shape.LOG_LEVEL.unwrap().options).default('info').describe('Least severe level that is logged.'), // prettier-ignore
  workers: z.int().min(1).max(32).default(2).describe('Resources of a kind that are reconciled at the same time.'),
  resyncSeconds: z.int().min(1).max(86_400).default(300).describe('How often Postgres and the vector store are looked at for drift.'), // prettier-ignore
  dryRun: z
    .boolean()
    .default(false)
    .describe('The operator only writes into `status.plan` of each resource what it would do.'),
  shutdownGraceSeconds: z.int().min(1).max(600).default(20).describe('How long reconciliations may take to end when a pod is stopped.'), // prettier-ignore
  env: list('Further environment variables of the operator, such as HTTPS_PROXY or NODE_EXTRA_CA_CERTS.'),
  crds: section('The two CustomResourceDefinitions.', {
    install: z.boolean().default(true).describe('Whether the chart installs and upgrades them.'),
    keep: z.boolean().default(true).describe('Whether they, and with them all RagPipelines and RagTenants, stay when the chart is uninstalled.'), // prettier-ignore
  }),
  rbac: section('Rights, from operator/rbac.ts.', {
    create: z.boolean().default(true).describe('Whether roles and bindings are made.'),
  }),
  serviceAccount: section('Account that the operator runs as.', {
    create: z.boolean().default(true).describe('Whether it is made.'),
    name: z.string().default('').describe('Its name; empty: that of the operator.'),
    annotations: labels('Its annotations.'),
  }),
  resources: z
    .record(z.string(), z.unknown())
    .default({ requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } })
    .describe('Requests and limits of the operator.'),
  pod: podSection,
  podDisruptionBudget: section('How many pods a drain may take at once.', {
    enabled: z.boolean().default(true).describe('Whether there is a PodDisruptionBudget.'),
    maxUnavailable: z.int().min(1).default(1).describe('So many.'),
  }),
  networkPolicy: section('Who may reach the operator.', {
    enabled: z.boolean().default(false).describe('Whether only the port of metrics and probes is open. What the operator itself reaches is not limited.'), // prettier-ignore
  }),
  metrics: metricsSection,
  stores: storesSection,
  sample: section('A RagPipeline on the stores and a RagTenant, to see something. The CRDs must be there before: enable it with an upgrade.', {
    enabled: z.boolean().default(false).describe('Whether they are made. They stay when the chart is uninstalled.'),
    pipeline: z.string().max(48).default('demo').describe('Name of the RagPipeline.'),
    tenant: z.string().max(48).default('acme').describe('Name of the RagTenant.'),
  }), // prettier-ignore
  global: z.record(z.string(), z.unknown()).default({}).describe('Values of a parent chart; not used.'),
})

export type ChartValues = z.output<typeof chartValuesSchema>
