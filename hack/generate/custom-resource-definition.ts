import { stringify } from 'yaml'
import { CATEGORIES, GROUP, VERSION, type ResourceDefinition } from '../../crds/definition.ts'
import { ragPipelineDefinition } from '../../crds/rag-pipeline.ts'
import { ragTenantDefinition } from '../../crds/rag-tenant.ts'
import type { GeneratedFile } from './generated-file.ts'
import { structuralSchema } from './structural-schema.ts'

export const definitions = [ragPipelineDefinition, ragTenantDefinition] as const

const HEADER = 'Generated from crds/*.ts by `npm run generate`; do not edit.'

/** crds/selfrag.io_*.yaml, and the same as templates of the chart. */
export function customResourceDefinitions(): GeneratedFile[] {
  return definitions.flatMap(definition => {
    const text = stringify(manifest(definition), { lineWidth: 0, aliasDuplicateObjects: false })
    return [
      { path: `crds/${GROUP}_${definition.plural}.yaml`, content: `# ${HEADER}\n${text}` },
      { path: `charts/selfrag/templates/crds/${definition.plural}.yaml`, content: chartTemplate(text, HEADER) },
    ]
  })
}

/**
 * In templates/ and not in the chart's crds/, which Helm installs once and never upgrades.
 * @param condition in Helm's words, besides `crds.install`
 * @throws Error when a description looks like a template
 */
export function chartTemplate(text: string, header: string, condition?: string): string {
  if (text.includes('{{')) throw new Error('a description has {{ in it, which Helm would take for a template')
  const keep = ['{{- if .Values.crds.keep }}', '  annotations:', '    helm.sh/resource-policy: keep', '  {{- end }}']
  const marked = text.replaceAll('\nmetadata:\n', `\nmetadata:\n  ${keep.join('\n')}\n`)
  const wanted = condition === undefined ? '.Values.crds.install' : `and .Values.crds.install (${condition})`
  return `{{- /* ${header} */ -}}\n{{- if ${wanted} }}\n${marked}{{- end }}\n`
}

function manifest({ kind, plural, singular, shortNames, columns, schema }: ResourceDefinition) {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${GROUP}`,
      labels: { 'app.kubernetes.io/name': 'selfrag', 'app.kubernetes.io/component': 'crd' },
    },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames, categories: CATEGORIES },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          schema: { openAPIV3Schema: structuralSchema(schema) },
        },
      ],
    },
  }
}
