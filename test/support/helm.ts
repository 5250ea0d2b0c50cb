import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parseAllDocuments } from 'yaml'
import { type KubernetesObject } from '../../operator/runtime/kubernetes-object.ts'
import { MissingPart } from './missing-part.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
export const chart = join(root, 'charts/selfrag')
/** Without a cluster to ask, Helm takes the version that it was built with, if any. */
const KUBE_VERSION = '1.35.0'

let found: Promise<string> | undefined

/** Path of a Helm 3; built on the first use of a machine that has none, which takes minutes. @throws MissingPart */
export function helmPath(): Promise<string> {
  return (found ??= run(join(root, 'hack/helm/build')).then(
    ({ stdout }) => stdout.trim(),
    (error: Error & { stderr?: string }) => {
      throw new MissingPart(error.stderr?.trim() || error.message)
    },
  ))
}

/** What `helm ARGS` prints. @throws Error with what it complained of */
export async function helm(...args: string[]): Promise<string> {
  try {
    return (await run(await helmPath(), args, { maxBuffer: 64 << 20 })).stdout
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`helm ${args[0]}: ${stdout}${stderr}`, { cause: error })
  }
}

export interface Rendering {
  readonly release?: string
  readonly namespace?: string
  /** As `--set` takes them. */
  readonly values?: readonly string[]
  /** Kinds that the cluster is said to have. */
  readonly apiVersions?: readonly string[]
}

/** `helm template`, as text. */
export function renderChartText(rendering: Rendering = {}): Promise<string> {
  const { release = 'selfrag', namespace = 'selfrag-system', values = [], apiVersions = [] } = rendering
  const sets = values.flatMap(value => ['--set', value])
  const known = apiVersions.flatMap(version => ['--api-versions', version])
  return helm('template', release, chart, '--namespace', namespace, '--kube-version', KUBE_VERSION, ...sets, ...known)
}

/** `helm template`, as the objects that it renders. */
export async function renderChart(rendering: Rendering = {}): Promise<KubernetesObject[]> {
  const documents = parseAllDocuments(await renderChartText(rendering))
  return documents.map(document => document.toJS() as KubernetesObject | null).filter(object => object !== null)
}
