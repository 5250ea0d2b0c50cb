/**
 * `node hack/images/collect.ts FOLDER` copies what the programs of each image import into FOLDER/operator and FOLDER/api, and
 * nothing else: built files, files of packages, and the licences of those packages. Run after `npm run build`, by the
 * Dockerfiles (hack/adr/0021-images.md).
 */
import { nodeFileTrace } from '@vercel/nft'
import { cp, glob, mkdir, readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type ImageContents, images } from './programs.ts'

const root = join(import.meta.dirname, '../..')
const folder = process.argv[2]
if (!folder) throw new Error('usage: node hack/images/collect.ts FOLDER')
for (const [name, contents] of Object.entries(images)) {
  const files = await filesOf(contents)
  for (const file of files) await copy(file, join(folder, name, file))
  await copy('LICENSE', join(folder, name, 'dist/LICENSE'))
  await report(name, files)
}

/** Paths below the root. */
async function filesOf({ entries, assets }: ImageContents): Promise<ReadonlySet<string>> {
  const { fileList, reasons } = await nodeFileTrace([...entries], { base: root, processCwd: root })
  const absent = entries.filter(entry => !reasons.has(entry))
  if (absent.length > 0) throw new Error(`${absent.join(', ')} is not there: run \`npm run build\` first`)
  const files = new Set([...[...fileList].filter(runsHere), ...(await matching(assets))])
  // That of the built code lies beside it.
  files.delete('package.json')
  for (const location of packagesOf(files)) for (const file of await licences(location)) files.add(file)
  return files
}

async function matching(patterns: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const pattern of patterns) {
    const before = found.length
    for await (const file of glob(pattern, { cwd: root })) found.push(file)
    if (found.length === before) throw new Error(`no file is like ${pattern}: correct hack/images/programs.ts`)
  }
  return found
}

/** onnxruntime-node brings libraries for every system; one is loaded. */
function runsHere(path: string): boolean {
  const [, system, processor] = /\/onnxruntime-node\/bin\/[^/]+\/([^/]+)\/([^/]+)\//.exec(path) ?? []
  return system === undefined || (system === process.platform && processor === process.arch)
}

/** Folders of the packages that files are of. */
function packagesOf(paths: Iterable<string>): Set<string> {
  const found = [...paths].map(path => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0])
  return new Set(found.filter(location => location !== undefined))
}

async function licences(location: string): Promise<string[]> {
  const names = await readdir(join(root, location))
  return names.filter(name => /^(licen[cs]e|notice|copying)/i.test(name)).map(name => join(location, name))
}

async function copy(file: string, destination: string): Promise<void> {
  await mkdir(dirname(destination), { recursive: true })
  await cp(join(root, file), destination, { recursive: true, verbatimSymlinks: true })
}

async function report(name: string, files: ReadonlySet<string>): Promise<void> {
  const sizes = new Map<string, number>()
  for (const file of files) {
    const [location = 'its own'] = packagesOf([file])
    sizes.set(location, (sizes.get(location) ?? 0) + (await stat(join(root, file))).size)
  }
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  console.log(`${name}: ${files.size} files, ${megabytes(total)}, of them:`)
  const largest = [...sizes].sort(([, a], [, b]) => b - a).slice(0, 8)
  for (const [location, size] of largest)
    console.log(`  ${megabytes(size).padStart(9)}  ${location.replace(/^.*node_modules\//, '')}`)
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
