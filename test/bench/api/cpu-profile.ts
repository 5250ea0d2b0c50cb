import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What V8 writes: a tree of calls, and which node was on top at each sample. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
    readonly children?: readonly number[]
  }[]
  readonly samples: readonly number[]
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[]
}

/** Milliseconds that a function, or all of a package or own file, was on top of the stack. */
export interface Cost {
  readonly where: string
  readonly ms: number
}

export interface ProfileSummary {
  readonly busyMs: number
  readonly places: readonly Cost[]
  readonly functions: readonly Cost[]
  /** On whose account it was: the innermost function of ours below the top, whatever packages it called. */
  readonly own: readonly Cost[]
}

/**
 * @param folder where one process has left its profile
 * @param skipMs of its life that does not count
 */
export async function readProfile(folder: string, skipMs = 0): Promise<ProfileSummary> {
  const [file] = (await readdir(folder)).filter(name => name.endsWith('.cpuprofile'))
  if (!file) throw new Error(`no profile in ${folder}; did the API end before it could write one?`)
  return summarizeProfile(JSON.parse(await readFile(join(folder, file), 'utf8')) as CpuProfile, skipMs)
}

/** Pure. The time when nothing ran is left out. */
export function summarizeProfile({ nodes, samples, timeDeltas }: CpuProfile, skipMs = 0): ProfileSummary {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const places = new Map<string, number>()
  const functions = new Map<string, number>()
  const own = new Map<string, number>()
  const accounts = accountsOf(nodes)
  let busy = 0
  let at = 0
  for (const [index, id] of samples.entries()) {
    at += (timeDeltas[index] ?? 0) / 1000
    if (at < skipMs) continue
    const { functionName, url, lineNumber } = frames.get(id)!
    if (functionName === '(idle)' || functionName === '(program)') continue
    const ms = (timeDeltas[index] ?? 0) / 1000
    const place = placeOf(url) || functionName
    busy += ms
    add(places, place, ms)
    add(own, accounts.get(id) ?? 'no function of ours', ms)
    add(functions, url ? `${functionName || '(anonymous)'}  ${place}:${lineNumber + 1}` : functionName, ms)
  }
  return { busyMs: busy, places: largest(places), functions: largest(functions), own: largest(own) }
}

/** For each node of the tree the innermost function of ours on its stack; none for what libraries do on their own. */
function accountsOf(nodes: CpuProfile['nodes']): ReadonlyMap<number, string> {
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map(child => [child, id] as const)))
  const byId = new Map(nodes.map(node => [node.id, node]))
  const accounts = new Map<number, string>()
  for (const { id } of nodes) {
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const { functionName, url, lineNumber } = byId.get(at)!.callFrame
      if (!isOwn(url)) continue
      accounts.set(id, `${placeOf(url)}:${lineNumber + 1}  ${functionName || '(anonymous)'}`)
      break
    }
  }
  return accounts
}

function isOwn(url: string): boolean {
  return url.startsWith('file:') && /^(?:api|operator)\//.test(placeOf(url))
}

/** The package, or the file of ours. */
function placeOf(url: string): string {
  const inPackage = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)
  return inPackage?.[1] ?? url.replace(/^file:\/\/.*\/(api|operator)\//, '$1/')
}

function add(sums: Map<string, number>, key: string, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value)
}

function largest(sums: ReadonlyMap<string, number>): Cost[] {
  return [...sums].map(([where, ms]) => ({ where, ms })).sort((a, b) => b.ms - a.ms)
}

export function profileTable({ busyMs, places, functions, own }: ProfileSummary): string {
  const row = ({ where, ms }: Cost) => `${((100 * ms) / busyMs).toFixed(1).padStart(5)} %  ${where}`
  return [
    `The API computed for ${(busyMs / 1000).toFixed(1)} s. On top of its stack were, by package or file:`,
    ...places.slice(0, 25).map(row),
    '',
    'and by function:',
    ...functions.slice(0, 25).map(row),
    '',
    'and on account of which function of ours, with all that it called in packages and in Node:',
    ...own.slice(0, 25).map(row),
  ].join('\n')
}
