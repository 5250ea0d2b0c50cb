import { stringify } from 'yaml'
import { deletionProtection } from '../../crds/deletion-protection.ts'
import { chartTemplate } from './custom-resource-definition.ts'
import type { GeneratedFile } from './generated-file.ts'

const GENERATED = 'Generated from crds/deletion-protection.ts by `npm run generate`; do not edit.'

const header = `# ${GENERATED}
# Cluster-scoped, like the CustomResourceDefinitions: one copy serves every namespace and every release, and whoever
# installs those installs this. Needs Kubernetes 1.30 or newer; without it the operator alone holds protected resources.
`

/** config/admission/deletion-protection.yaml, and the same beside the CustomResourceDefinitions of the chart. */
export function admissionPolicy(): GeneratedFile[] {
  const documents = deletionProtection.map(object => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }))
  const text = documents.join('---\n')
  const template = chartTemplate(text, GENERATED, 'semverCompare ">=1.30-0" .Capabilities.KubeVersion.Version')
  return [
    { path: 'config/admission/deletion-protection.yaml', content: header + text },
    { path: 'charts/selfrag/templates/crds/deletion-protection.yaml', content: template },
  ]
}
