import { Document, type YAMLMap, YAMLSeq } from 'yaml'
import { clusterGrants, type Grant, ownNamespaceGrants } from '../../operator/rbac.ts'
import type { GeneratedFile } from './generated-file.ts'

const NAME = 'selfrag-operator'
const labels = { 'app.kubernetes.io/name': 'selfrag', 'app.kubernetes.io/component': 'operator' }

/** config/rbac/role.yaml: each rule with the reason for it as a comment. */
export function rbacRole(): GeneratedFile[] {
  const documents = [
    role('ClusterRole', { name: NAME, labels }, clusterGrants),
    role('Role', { name: `${NAME}-leader-election`, labels }, ownNamespaceGrants),
  ]
  const header = '# Generated from operator/rbac.ts by `npm run generate`; do not edit.\n'
  return [
    {
      path: 'config/rbac/role.yaml',
      content:
        header +
        documents.map(document => document.toString({ flowCollectionPadding: false, lineWidth: 0 })).join('---\n'),
    },
  ]
}

function role(kind: string, metadata: object, grants: readonly Grant[]): Document {
  const document = new Document({ apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata, rules: [] })
  const rules = document.get('rules') as YAMLSeq
  rules.flow = false
  for (const grant of grants) rules.add(rule(document, grant))
  return document
}

function rule(document: Document, { groups, resources, resourceNames, verbs, why }: Grant): YAMLMap {
  const node = document.createNode({ apiGroups: groups, resources, resourceNames, verbs }) as YAMLMap
  node.commentBefore = ` ${why}`
  for (const pair of node.items) if (pair.value instanceof YAMLSeq) pair.value.flow = true
  return node
}
