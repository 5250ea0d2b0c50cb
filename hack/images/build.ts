/**
 * `npm run images` builds both images and prints how large they are; it fails when the operator's has grown too large.
 *
 *   npm run images -- --tag 0.2.0            another tag than the version in package.json
 *   npm run images -- --models ../models     puts the models of a folder into the API's image; default: MODELS_DIR
 *   npm run images -- --source https://…     where the code is, for the images' labels
 */
import { execFileSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import product from '../../package.json' with { type: 'json' }
import { findBuilder } from './builder.ts'
import { type ImageName, images } from './programs.ts'

const BASE = 'node:24-bookworm-slim'
/** Above the base, so that a node that runs other Node programs pulls no more than this. */
const MOST_BYTES: Partial<Record<ImageName, number>> = { operator: 60e6 }

const { values } = parseArgs({
  options: {
    tag: { type: 'string', default: product.version },
    models: { type: 'string', default: process.env['MODELS_DIR'] ?? '' },
    source: { type: 'string', default: '' },
  },
})
const builder = findBuilder()
const labels = { VERSION: values.tag, REVISION: revision(), SOURCE: values.source }
const labelOptions = Object.entries(labels).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`])
const models = values.models ? ['--build-context', `models=${resolve(values.models)}`] : []

for (const name of Object.keys(images) as ImageName[]) build(name)
for (const name of Object.keys(images) as ImageName[]) reportSize(name)

function build(name: ImageName): void {
  const started = performance.now()
  const tag = `selfrag-${name}:${values.tag}`
  builder.build(tag, `Dockerfile.${name}`, [...labelOptions, ...(name === 'api' ? models : [])])
  console.log(`${tag} built by ${builder.name} in ${((performance.now() - started) / 1000).toFixed(0)} s`)
}

function reportSize(name: ImageName): void {
  const above = builder.size(`selfrag-${name}:${values.tag}`) - builder.size(BASE)
  const most = MOST_BYTES[name]
  console.log(
    `selfrag-${name}:${values.tag}: ${megabytes(above)} above ${BASE}${most ? `, at most ${megabytes(most)}` : ''}`,
  )
  if (most === undefined || above <= most) return
  console.error(`selfrag-${name} has grown too large: \`node hack/images/collect.ts ${name} FOLDER\` tells by what`)
  process.exitCode = 1
}

/** Empty outside a clone. */
function revision(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: join(import.meta.dirname, '../..'), encoding: 'utf8', stdio: 'pipe' }).trim() // prettier-ignore
  } catch {
    return ''
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
