import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { type Rendering, templateArguments } from '../../hack/generate/render-chart.ts'
import { type KubernetesObject } from '../../operator/runtime/kubernetes-object.ts'
import { runTool } from './tool.ts'

export type { Rendering }
export const chart = join(import.meta.dirname, '../../charts/selfrag')

/** What `helm ARGS` prints. @throws Error with what it complained of, MissingPart */
export function helm(...args: string[]): Promise<string> {
  return runTool('helm', args)
}

/** `helm template`, as the objects that it renders. */
export async function renderChart(rendering: Rendering = {}): Promise<KubernetesObject[]> {
  return objectsOf(await helm(...templateArguments(rendering)))
}

/** The documents of a YAML file that are not empty. */
export function objectsOf(text: string): KubernetesObject[] {
  const documents = parseAllDocuments(text).map(document => document.toJS() as KubernetesObject | null)
  return documents.filter(object => object !== null)
}
