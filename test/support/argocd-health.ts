import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { runTool } from './tool.ts'

export interface Health {
  readonly status: string
  readonly message: string
}

/**
 * What Argo CD shows for a resource: the script of config/argocd/argocd-cm.yaml for its kind, run by gopher-lua, the
 * interpreter that Argo CD has in it, without the libraries that it leaves out. @throws MissingPart
 */
export async function argocdHealth(resource: { readonly kind: string }): Promise<Health> {
  const file = join(import.meta.dirname, '../../config/argocd/argocd-cm.yaml')
  const { data } = parse(await readFile(file, 'utf8')) as { data: Record<string, string> }
  const script = data[`resource.customizations.health.selfrag.io_${resource.kind}`]
  if (!script) throw new Error(`argocd-cm.yaml has no health of ${resource.kind}`)
  const program = [
    'local write = print',
    'string, math, io, os, debug, coroutine, channel, print, dofile, loadfile = nil',
    `obj = ${luaOf(resource)}`,
    `local function health()\n${script}\nend`,
    'local answer = health()',
    'write(answer.status)',
    'write(answer.message)',
  ]
  const folder = await mkdtemp(join(tmpdir(), 'selfrag-lua-'))
  try {
    await writeFile(join(folder, 'health.lua'), program.join('\n'))
    const [status = '', ...message] = (await runTool('glua', [join(folder, 'health.lua')])).trimEnd().split('\n')
    return { status, message: message.join('\n') }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** A JSON value as Argo CD gives it to a script: lists count from 1, null is nil. */
function luaOf(value: unknown): string {
  if (value === null || value === undefined) return 'nil'
  if (typeof value === 'string') return luaString(value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return `{${value.map(luaOf).join(', ')}}`
  return `{${Object.entries(value).map(([key, inner]) => `[${luaString(key)}] = ${luaOf(inner)}`).join(', ')}}` // prettier-ignore
}

/** Lua 5.1 knows decimal escapes of bytes only. */
function luaString(text: string): string {
  const bytes = [...Buffer.from(text)].map(byte => `\\${String(byte).padStart(3, '0')}`)
  return `"${bytes.join('')}"`
}
