import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brokenReferences } from './references/broken-references.ts'
import packageJson from '../package.json' with { type: 'json' }

/** Part of `npm run lint`: names every mention of a file, heading or npm script that is not there, and exits 1. */
const root = join(import.meta.dirname, '..')
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root })
  .toString()
  .split('\n')
  .filter(path => path !== '' && existsSync(join(root, path)))
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const tree = { paths: new Set(tracked), read, scripts: new Set(Object.keys(packageJson.scripts)) }

const broken = tracked
  .filter(path => /\.(ts|mjs|md)$/.test(path))
  .flatMap(path => brokenReferences(path, read(path), tree))

for (const { file, line, mention } of broken) console.error(`${file}:${line} mentions ${mention}, which does not exist`)
if (broken.length > 0) process.exitCode = 1
