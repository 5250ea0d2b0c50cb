import { type Document, parseAllDocuments } from 'yaml'
import type { GeneratedFile } from './generated-file.ts'
import { renderChart } from './render-chart.ts'

const HEADER = '# Generated from charts/selfrag by `npm run generate`; do not edit.\n'

/** What each base holds, and the values that the chart is rendered with for it. */
const bases = [
  { path: 'config/manager/manager.yaml', templates: ['deployment.yaml'], values: [] },
  { path: 'config/manager/pod-disruption-budget.yaml', templates: ['pod-disruption-budget.yaml'], values: [] },
  {
    path: 'config/monitoring/monitoring.yaml',
    templates: ['service', 'service-monitor', 'prometheus-rule', 'dashboard'].map(name => `monitoring/${name}.yaml`),
    values: ['serviceMonitor', 'prometheusRule', 'dashboard'].map(name => `metrics.${name}.enabled=true`),
  },
  {
    path: 'config/stores/stores.yaml',
    templates: ['stores/postgres.yaml', 'stores/qdrant.yaml', 'stores/redis.yaml'],
    values: ['stores.enabled=true', 'stores.existingSecret=selfrag-stores'],
  },
]

/** The kustomize bases that are the chart with its default values: one source, so that the two ways to install are one. */
export function kustomizeBases(): GeneratedFile[] {
  return bases.flatMap(({ path, templates, values }) => {
    const text = renderChart({ templates, values })
    return text === null ? [] : [{ path, content: HEADER + forKustomize(text) }]
  })
}

function forKustomize(text: string): string {
  return parseAllDocuments(text.replaceAll(/^# Source: .*\n/gm, ''))
    .map(document => withoutHelm(document as Document))
    .map(document => document.toString({ lineWidth: 0, flowCollectionPadding: false, directives: false }))
    .join('---\n')
}

/** Leaves out what only Helm needs, and the namespace, which the kustomization sets. */
function withoutHelm(document: Document): Document {
  for (const label of ['app.kubernetes.io/managed-by', 'helm.sh/chart'])
    document.deleteIn(['metadata', 'labels', label])
  document.deleteIn(['metadata', 'namespace'])
  return document
}
