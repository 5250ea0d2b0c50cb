import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { MissingPart } from './missing-part.ts'

export type ToolName = 'helm' | 'kustomize' | 'glua' | 'compose' | 'promtool' | 'nginx'
const run = promisify(execFile)
const found = new Map<ToolName, Promise<string>>()

/** Path of a program; one that Go can build is built on the first use, which takes minutes. @throws MissingPart */
export function toolPath(name: ToolName): Promise<string> {
  const known = found.get(name)
  if (known) return known
  const path = run(join(import.meta.dirname, '../../hack/tools/build'), [name]).then(
    ({ stdout }) => stdout.trim(),
    (error: Error & { stderr?: string }) => {
      throw new MissingPart(error.stderr?.trim() || error.message)
    },
  )
  found.set(name, path)
  return path
}

/** What the program prints. @throws Error with what it complained of */
export async function runTool(name: ToolName, args: readonly string[], input?: string): Promise<string> {
  const path = await toolPath(name)
  try {
    const running = run(path, [...args], { maxBuffer: 64 << 20 })
    running.child.stdin?.end(input)
    return (await running).stdout
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`${name} ${args[0]}: ${stdout}${stderr}`, { cause: error })
  }
}
