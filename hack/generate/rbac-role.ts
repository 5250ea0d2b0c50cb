import { Document, type YAMLMap, YAMLSeq } from 'yaml'
import { clusterScopedGrants, type Grant, ownNamespaceGrants, watchedGrants } from '../../operator/rbac.ts'
import type { GeneratedFile } from './generated-file.ts'
import { code, markdownTable } from './markdown-table.ts'

const NAME = 'selfrag-operator'
const labels = { 'app.kubernetes.io/name': 'selfrag', 'app.kubernetes.io/component': 'operator' }
const HEADER = 'Generated from operator/rbac.ts by `npm run generate`; do not edit.'

/** The operator's rights, each with the reason for it: for kustomize, as templates for the chart, and as a page. */
export function rbacRoles(): GeneratedFile[] {
  return [roles(), chartRules(), rightsPage()]
}

function roles(): GeneratedFile {
  const documents = [
    role('ClusterRole', NAME, watchedGrants),
    role('ClusterRole', `${NAME}-cluster`, clusterScopedGrants),
    role('Role', `${NAME}-leader-election`, ownNamespaceGrants),
  ]
  return { path: 'config/rbac/role.yaml', content: `# ${HEADER}\n${documents.map(print).join('---\n')}` }
}

/** Lists of rules; the chart's roles.yaml says where each of them holds. */
function chartRules(): GeneratedFile {
  const tables = { watched: watchedGrants, clusterScoped: clusterScopedGrants, ownNamespace: ownNamespaceGrants }
  const templates = Object.entries(tables).map(([name, grants]) => {
    const document = new Document([])
    addRules(document, document.contents as unknown as YAMLSeq, grants)
    return `{{- define "selfrag.${name}Rules" -}}\n${print(document)}{{- end -}}\n`
  })
  return { path: 'charts/selfrag/templates/_rules.tpl', content: `{{- /* ${HEADER} */ -}}\n${templates.join('\n')}` }
}

function rightsPage(): GeneratedFile {
  const content = `<!-- ${HEADER} -->

# Rights of the operator

All that the operator may do, and what for. Where it watches all namespaces the first table is a ClusterRole; with a list of namespaces
(\`watchNamespaces\` of the chart, [config/namespaced](../../config/namespaced)) it holds in these only.

## In the watched namespaces

${rightsTable(watchedGrants)}

## On what belongs to no namespace

${rightsTable(clusterScopedGrants)}

## In its own namespace

${rightsTable(ownNamespaceGrants)}
`
  return { path: 'docs/reference/operator-rights.md', content }
}

function rightsTable(grants: readonly Grant[]): string {
  const rows = grants.map(({ groups, resources, resourceNames, verbs, why }) => [
    resources.map(resource => code([resource, ...groups].filter(Boolean).join('.'))).join(' '),
    resourceNames?.map(code).join(' ') ?? '',
    verbs.join(', '),
    why,
  ])
  return markdownTable(['resources', 'only', 'may', 'why'], rows)
}

function role(kind: string, name: string, grants: readonly Grant[]): Document {
  const metadata = { name, labels }
  const document = new Document({ apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata, rules: [] })
  addRules(document, document.get('rules') as YAMLSeq, grants)
  return document
}

function addRules(document: Document, rules: YAMLSeq, grants: readonly Grant[]): void {
  rules.flow = false
  for (const grant of grants) rules.add(rule(document, grant))
}

function rule(document: Document, { groups, resources, resourceNames, verbs, why }: Grant): YAMLMap {
  const node = document.createNode({ apiGroups: groups, resources, resourceNames, verbs }) as YAMLMap
  node.commentBefore = ` ${why}`
  for (const pair of node.items) if (pair.value instanceof YAMLSeq) pair.value.flow = true
  return node
}

function print(document: Document): string {
  return document.toString({ flowCollectionPadding: false, lineWidth: 0 })
}
