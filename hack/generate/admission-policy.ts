import { stringify } from 'yaml'
import { deletionProtection } from '../../crds/deletion-protection.ts'
import type { GeneratedFile } from './generated-file.ts'

const header = `# Generated from crds/deletion-protection.ts by \`npm run generate\`; do not edit.
# Cluster-scoped, like the CustomResourceDefinitions: one copy serves every namespace and every release, and whoever
# installs those installs this. Needs Kubernetes 1.30 or newer; without it the operator alone holds protected resources.
`

/** config/admission/deletion-protection.yaml */
export function admissionPolicy(): GeneratedFile[] {
  const documents = deletionProtection.map(object => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }))
  return [{ path: 'config/admission/deletion-protection.yaml', content: header + documents.join('---\n') }]
}
