import { spawnSync } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { join } from 'node:path'
import { MissingPart } from '../../support/missing-part.ts'
import { onTeardown } from '../../support/teardown.ts'
import { command } from './command.ts'
import { storeImages } from './store-images.ts'
import { timed } from './timed.ts'

/** Images that the cluster's nodes have, or can pull. */
export interface Images {
  readonly operator: string
  readonly api: string
  /** The same as `api` under another name, which build-image gives it too: a new version, as far as a Deployment can tell. */
  readonly nextApi: string
}

/** What `kubectl` and `helm` talk to, from when it is there. */
export interface Cluster {
  readonly images: Images
}

const root = join(import.meta.dirname, '../../..')
const TAG = 'e2e'
let opened: Promise<Cluster> | undefined

/**
 * The cluster of this run: that of `KUBECONFIG`, with images that it has already; else one that is made here with the
 * programs in `SELFRAG_CLUSTER_DIR` or ../shared/cluster, and that is gone after the last test, whatever happens.
 * @throws MissingPart when there is neither
 */
export function cluster(): Promise<Cluster> {
  return (opened ??= process.env['KUBECONFIG'] ? Promise.resolve({ images: images() }) : make())
}

function images(): Images {
  return {
    operator: process.env['SELFRAG_OPERATOR_IMAGE'] ?? `selfrag-operator:${TAG}`,
    api: process.env['SELFRAG_API_IMAGE'] ?? `selfrag-api:${TAG}`,
    nextApi: process.env['SELFRAG_NEXT_API_IMAGE'] ?? `localhost/selfrag-api:${TAG}`,
  }
}

async function make(): Promise<Cluster> {
  const folder = process.env['SELFRAG_CLUSTER_DIR'] ?? join(root, '../shared/cluster')
  const program = (name: string) => join(folder, name)
  if (!(await isExecutable(program('up')))) throw new MissingPart('no cluster: set KUBECONFIG, or SELFRAG_CLUSTER_DIR')
  if (process.getuid?.() !== 0) throw new MissingPart(`no cluster: ${program('up')} needs root; or set KUBECONFIG`)
  const wipe = () => spawnSync(program('down'), ['--wipe'], { stdio: 'ignore' })
  wipe()
  onTeardown(async () => void wipe())
  // Runs that do not get as far as the teardown.
  process.once('exit', wipe)
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))
  const kubeconfig = (await timed('cluster', () => command(program('up'), []))).trim()
  await timed('images', () => command('npm', ['run', '--silent', 'images', '--', '--tag', TAG], { show: true })) // prettier-ignore
  const stores = await storeImages()
  await timed('images of the stores', () => command(program('store-images'), stores))
  // For kubectl and helm.
  process.env['KUBECONFIG'] = kubeconfig
  return { images: images() }
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
