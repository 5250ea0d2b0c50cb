import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { argocdConfigMap } from './generate/argocd-config-map.ts'
import { chartSnapshots } from './generate/chart-snapshots.ts'
import { composeEnvironment, composePresets } from './generate/compose-environment.ts'
import { admissionPolicy } from './generate/admission-policy.ts'
import { chartValues } from './generate/chart-values.ts'
import {
  backupConfigurationReference,
  configurationReference,
  operatorConfigurationReference,
} from './generate/configuration-reference.ts'
import { customResourceDefinitions } from './generate/custom-resource-definition.ts'
import { grafanaDashboards } from './generate/grafana-dashboard.ts'
import { kustomizeBases } from './generate/kustomize-bases.ts'
import { rbacRoles } from './generate/rbac-role.ts'
import { resourceReferences } from './generate/resource-reference.ts'
import { schemaStructures } from './generate/schema-structures.ts'
import type { GeneratedFile } from './generate/generated-file.ts'

/**
 * `npm run generate` writes every file that is made from the sources of truth; `--check` writes nothing, names those that
 * are stale and exits 1.
 */
const generators: readonly (() => GeneratedFile[] | Promise<GeneratedFile[]>)[] = [
  schemaStructures,
  customResourceDefinitions,
  admissionPolicy,
  rbacRoles,
  chartValues,
  grafanaDashboards,
  kustomizeBases,
  chartSnapshots,
  argocdConfigMap,
  resourceReferences,
  configurationReference,
  operatorConfigurationReference,
  backupConfigurationReference,
  composeEnvironment,
  composePresets,
]

const root = join(import.meta.dirname, '..')
const check = process.argv.includes('--check')
const stale: string[] = []

// One after the other: some are made from what those before them have written.
for (const generate of generators) {
  for (const { path, content } of await generate()) {
    const target = join(root, path)
    if ((await readOrNull(target)) === content) continue
    stale.push(path)
    if (check) continue
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, content)
  }
}

for (const path of stale) console.log(`${check ? 'stale' : 'wrote'} ${relative('.', join(root, path))}`)
if (check && stale.length > 0) {
  console.error('generated files are stale: run `npm run generate` and commit the result')
  process.exitCode = 1
}

/** Null when there is no such file; every other failure is thrown. */
async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
