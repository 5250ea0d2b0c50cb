import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** Each takes a minute or more and needs nothing that its lane shares; beside the short suites, so that all lanes end at about the same time. */
const long = [
  'test/envtest/operator-cluster-faults.test.ts',
  'test/integration/crash.test.ts',
  'test/integration/isolation.test.ts',
  'test/integration/standalone.test.ts',
]

/**
 * `npm test`: all suites, in three processes side by side, because some mostly compute and others mostly wait for a
 * server. Arguments go to all (`npm test -- --grep queue`). Ends with one closing line for all, which is what CI reads, and
 * fails when a process failed or ended without its own.
 */
const lanes: Readonly<Record<string, readonly string[]>> = {
  units: [...filesOf('unit'), ...filesOf('contract'), ...long],
  integration: without(long, filesOf('integration')),
  envtest: without(long, filesOf('envtest')),
}

function filesOf(suite: string): string[] {
  return globSync(`test/${suite}/**/*.test.ts`).sort()
}

function without(left: readonly string[], files: readonly string[]): string[] {
  return files.filter(file => !left.includes(file))
}

/** Compiled code is kept: the suites start the programs some two hundred times, and loading them is most of what those cost. */
const compileCache = fileURLToPath(new URL('../node_modules/.cache/node-compile', import.meta.url))

interface Count {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

const closingLine = /^(\d+) passed, (\d+) failed, (\d+) skipped$/

async function runLane(name: string, files: readonly string[], args: readonly string[]): Promise<Count> {
  const mocha = spawn('mocha', [...files, ...args], {
    env: { NODE_COMPILE_CACHE: compileCache, ...process.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const prefix = name.padEnd(11)
  let count: Count | undefined
  const print = async (stream: NodeJS.ReadableStream, to: NodeJS.WritableStream) => {
    for await (const line of createInterface(stream)) {
      const [, passed, failed, skipped] = closingLine.exec(line) ?? []
      if (passed) count = { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) }
      to.write(`${prefix} │ ${line}\n`)
    }
  }
  const ended = new Promise<number | null>((resolve, reject) => mocha.once('error', reject).once('close', resolve))
  await Promise.all([print(mocha.stdout, process.stdout), print(mocha.stderr, process.stderr)])
  const code = await ended
  if (!count) console.error(`${prefix} │ ended with exit code ${code}, without counting its tests`)
  const uncounted = code !== 0 && !count?.failed ? 1 : 0
  const { passed, failed, skipped } = count ?? { passed: 0, failed: 0, skipped: 0 }
  return { passed, failed: failed + uncounted, skipped }
}

const counts = await Promise.all(
  Object.entries(lanes).map(([name, files]) => runLane(name, files, process.argv.slice(2))),
)
const sum = (key: keyof Count) => counts.reduce((total, count) => total + count[key], 0)
console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`)
process.exitCode = sum('failed') > 0 ? 1 : 0
