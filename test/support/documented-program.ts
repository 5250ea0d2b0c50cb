import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { bareEnvironment } from './bare-environment.ts'
import { MissingPart } from './missing-part.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')

/** The program that a page of the documentation writes in a language: its blocks, one after the other. */
export function documentedProgram(page: string, language: 'js' | 'python'): string {
  const text = readFileSync(join(root, page), 'utf8')
  const blocks = [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))]
  if (blocks.length === 0) throw new Error(`${page} has no block of ${language}`)
  return blocks.map(block => block[1]).join('\n')
}

/** Runs it from the root of the repository, where imports find the installed packages, and gives what it prints. */
export function runJavaScript(program: string, environment: Readonly<Record<string, string>>): Promise<string> {
  return output(process.execPath, ['--input-type=module', '--eval', program], environment)
}

/** The same with Python and OpenAI's client for it, which is installed on the first use. @throws MissingPart */
export async function runPython(program: string, environment: Readonly<Record<string, string>>): Promise<string> {
  return output(await pythonWithOpenAi(), ['-c', program], environment)
}

async function pythonWithOpenAi(): Promise<string> {
  try {
    return (await run(join(root, 'hack/openai-python/install'))).stdout.trim()
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string }
    throw new MissingPart(`OpenAI's Python client cannot be installed: ${stderr?.trim() || message}`)
  }
}

async function output(program: string, args: readonly string[], environment: Readonly<Record<string, string>>) {
  const { stdout } = await run(program, [...args], { cwd: root, env: { ...bareEnvironment, ...environment } })
  return stdout
}
