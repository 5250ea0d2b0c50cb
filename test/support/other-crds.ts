import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { objectsOf } from './helm.ts'
import { type Manifests } from './manifests.ts'
import { MissingPart } from './missing-part.ts'

/** Files with the CustomResourceDefinitions of others that we write resources of. */
const files = {
  prometheus: ['monitoring.coreos.com_servicemonitors.yaml', 'monitoring.coreos.com_prometheusrules.yaml'],
  argocd: ['application-crd.yaml'],
} as const

/** Installs what the Prometheus operator or Argo CD would bring. @throws MissingPart when it can neither be found nor downloaded */
export async function installOtherCrds(manifests: Manifests, owner: keyof typeof files): Promise<void> {
  const found = promisify(execFile)(join(import.meta.dirname, '../../hack/other-crds/find'), [owner])
  const { stdout } = await found.catch((error: Error & { stderr?: string }) => {
    throw new MissingPart(error.stderr?.trim() || error.message)
  })
  for (const file of files[owner])
    for (const crd of objectsOf(await readFile(join(stdout.trim(), file), 'utf8'))) await manifests.apply(crd)
}
