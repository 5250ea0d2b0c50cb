import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type KubernetesObject } from '../../operator/runtime/kubernetes-object.ts'
import { objectsOf } from './helm.ts'
import { runTool } from './tool.ts'

const run = promisify(execFile)

/**
 * The objects of a kustomization, `config/manager`; by kubectl, which has kustomize in it, where there is one.
 * @throws MissingPart when neither it nor kustomize can be had
 */
export async function kustomization(path: string): Promise<KubernetesObject[]> {
  const folder = join(import.meta.dirname, '../..', path)
  try {
    return objectsOf((await run('kubectl', ['kustomize', folder], { maxBuffer: 64 << 20 })).stdout)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return objectsOf(await runTool('kustomize', ['build', folder]))
  }
}
