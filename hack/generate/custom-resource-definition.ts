import { stringify } from 'yaml'
import { CATEGORIES, GROUP, VERSION, type ResourceDefinition } from '../../crds/definition.ts'
import { ragPipelineDefinition } from '../../crds/rag-pipeline.ts'
import { ragTenantDefinition } from '../../crds/rag-tenant.ts'
import type { GeneratedFile } from './generated-file.ts'
import { structuralSchema } from './structural-schema.ts'

export const definitions = [ragPipelineDefinition, ragTenantDefinition] as const

/** crds/selfrag.io_ragpipelines.yaml, crds/selfrag.io_ragtenants.yaml */
export function customResourceDefinitions(): GeneratedFile[] {
  return definitions.map(definition => ({
    path: `crds/${GROUP}_${definition.plural}.yaml`,
    content: `# Generated from crds/*.ts by \`npm run generate\`; do not edit.\n${stringify(manifest(definition), {
      lineWidth: 0,
      aliasDuplicateObjects: false,
    })}`,
  }))
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
