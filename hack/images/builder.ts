import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** A program that builds images, and tells how large they are. */
export interface Builder {
  readonly name: string
  /** @throws Error when the build fails */
  build(tag: string, dockerfile: string, options: readonly string[]): void
  /** Bytes of an image on this machine. */
  size(tag: string): number
}

const root = join(import.meta.dirname, '../..')
const clusterFolder = process.env['SELFRAG_CLUSTER_DIR'] ?? join(root, '../shared/cluster')

/** SELFRAG_CLUSTER_DIR or ../shared/cluster, which also loads the image into that cluster; else docker or podman. */
export function findBuilder(): Builder {
  if (existsSync(join(clusterFolder, 'build-image')) && process.getuid?.() === 0) return clusterBuilder
  const engine = ['docker', 'podman'].find(name => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0)
  if (!engine) throw new Error('nothing to build images with: install docker or podman, or set SELFRAG_CLUSTER_DIR')
  return engineBuilder(engine)
}

const clusterBuilder: Builder = {
  name: 'build-image',
  build: (tag, dockerfile, options) => run(join(clusterFolder, 'build-image'), [tag, dockerfile, root, ...options]),
  size(tag) {
    const cache = process.env['CLUSTER_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'one-node-cluster') // prettier-ignore
    const store = ['--root', join(cache, 'images'), '--runroot', '/run/one-node-buildah', '--storage-driver', 'vfs']
    const text = execFileSync('buildah', [...store, 'images', '--json', tag], { encoding: 'utf8' })
    return bytes((JSON.parse(text) as { size: string }[])[0]!.size)
  },
}

function engineBuilder(engine: string): Builder {
  return {
    name: engine,
    build: (tag, dockerfile, options) =>
      run(engine, ['build', '-t', tag, '-f', join(root, dockerfile), ...options, root]),
    size: tag => Number(execFileSync(engine, ['image', 'inspect', '--format', '{{.Size}}', tag], { encoding: 'utf8' })),
  }
}

/** buildah tells sizes to people only: `307 MB`, `1.2 GB`. */
function bytes(size: string): number {
  const [amount, unit = 'B'] = size.split(' ')
  const factors: Record<string, number> = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9 }
  return Number(amount) * factors[unit]!
}

function run(program: string, args: readonly string[]): void {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error(`${program} ${args[0]} failed${error ? `: ${error.message}` : ''}`)
}
