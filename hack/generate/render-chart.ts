import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

export interface Rendering {
  readonly release?: string
  readonly namespace?: string
  /** As `--set` takes them. */
  readonly values?: readonly string[]
  /** Kinds that the cluster is said to have. */
  readonly apiVersions?: readonly string[]
  /** Only these, below templates/; absent: all. */
  readonly templates?: readonly string[]
}

/** Arguments of `helm template`. Without a cluster to ask, Helm would take the version that it was built with, if any. */
export function templateArguments(rendering: Rendering): string[] {
  const { release = 'selfrag', namespace = 'selfrag-system', values = [], apiVersions = [], templates = [] } = rendering
  return [
    ...['template', release, join(root, 'charts/selfrag'), '--namespace', namespace, '--kube-version', '1.35.0'],
    ...values.flatMap(value => ['--set', value]),
    ...apiVersions.flatMap(version => ['--api-versions', version]),
    ...templates.flatMap(template => ['--show-only', `templates/${template}`]),
  ]
}

/** What the chart renders, for generators. Null where there is no Helm: what is made from it stays as it is there. */
export function renderChart(rendering: Rendering): string | null {
  const helm = findHelm()
  return helm && execFileSync(helm, templateArguments(rendering), { encoding: 'utf8' })
}

let helmPath: string | null | undefined

function findHelm(): string | null {
  if (helmPath !== undefined) return helmPath
  try {
    helmPath = execFileSync(join(root, 'hack/tools/find'), ['helm'], { encoding: 'utf8', stdio: 'pipe' }).trim()
  } catch (error) {
    // In CI nothing may be left out unseen.
    if ((error as { status?: number }).status !== 1 || process.env['CI']) throw error
    console.warn('no Helm at hand (hack/tools/build helm): what is made from the chart was left out')
    helmPath = null
  }
  return helmPath
}
