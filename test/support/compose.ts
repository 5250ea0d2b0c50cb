import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { bareEnvironment } from './bare-environment.ts'
import { onTeardown } from './teardown.ts'
import { toolPath } from './tool.ts'

const run = promisify(execFile)
const source = join(import.meta.dirname, '../../config')

export interface ComposeService {
  readonly image: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly ports?: readonly { readonly host_ip?: string; readonly target: number; readonly published: string }[]
  readonly volumes?: readonly { readonly type: string; readonly source: string; readonly target: string }[]
  readonly networks?: Readonly<Record<string, unknown>>
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly deploy?: {
    readonly replicas?: number
    readonly resources?: { readonly limits?: { readonly memory?: string; readonly cpus?: number } }
  }
}

export interface ComposeProject {
  readonly services: Readonly<Record<string, ComposeService>>
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>
}

/** A copy of config/ in which a .env can be made without touching the real one. */
export class ComposeFolder {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  static async copy(): Promise<ComposeFolder> {
    const folder = await mkdtemp(join(tmpdir(), 'selfrag-compose-'))
    onTeardown(() => rm(folder, { recursive: true, force: true }))
    for (const part of ['compose', 'nginx']) await cp(join(source, part), join(folder, part), { recursive: true })
    await rm(join(folder, 'compose/.env'), { force: true })
    return new ComposeFolder(join(folder, 'compose'))
  }

  async newEnv(): Promise<void> {
    await run(join(this.path, 'new-env'))
  }

  async write(file: string, content: string): Promise<void> {
    await writeFile(join(this.path, file), content)
  }

  /** The file as `docker compose` sees it. @throws Error with what is wrong with it */
  async project(profiles: readonly string[] = [], envFiles: readonly string[] = []): Promise<ComposeProject> {
    const program = await toolPath('compose')
    const env = { ...bareEnvironment, HOME: process.env['HOME'], ENV_FILES: envFiles.map(file => join(this.path, file)).join(',') } // prettier-ignore
    try {
      const { stdout } = await run(program, [join(this.path, 'compose.yaml'), ...profiles], { env, cwd: this.path })
      return JSON.parse(stdout) as ComposeProject
    } catch (error) {
      throw new Error((error as { stderr?: string }).stderr ?? String(error), { cause: error })
    }
  }
}
