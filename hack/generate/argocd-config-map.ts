import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { GROUP } from '../../crds/definition.ts'
import { definitions } from './custom-resource-definition.ts'
import type { GeneratedFile } from './generated-file.ts'

const folder = 'config/argocd'

/** config/argocd/argocd-cm.yaml: the health of both kinds, as a patch of Argo CD's own ConfigMap. */
export function argocdConfigMap(): GeneratedFile[] {
  const script = readFileSync(join(import.meta.dirname, '../..', folder, 'health.lua'), 'utf8')
  const data = Object.fromEntries(definitions.map(({ kind }) => [`resource.customizations.health.${GROUP}_${kind}`, script])) // prettier-ignore
  const patch = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-cm', namespace: 'argocd' }, data }
  const header = [
    '# Generated from health.lua by `npm run generate`; do not edit. Adds to the ConfigMap that Argo CD has already:',
    '# kubectl -n argocd patch configmap argocd-cm --patch-file config/argocd/argocd-cm.yaml',
  ]
  return [{ path: `${folder}/argocd-cm.yaml`, content: `${header.join('\n')}\n${stringify(patch, { lineWidth: 0 })}` }]
}
