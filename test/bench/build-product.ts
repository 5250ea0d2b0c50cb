import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '../..')

/** Built JavaScript of the product. Below node_modules, so that it finds its packages. */
export const built = join(root, 'node_modules/.cache/bench-build')

/** Builds the product as the images do, into {@link built}. */
export async function buildProduct(): Promise<void> {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  await promisify(execFile)(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', built])
}
