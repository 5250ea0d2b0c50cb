import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** How an image starts Node. */
export interface NodeOfImage {
  /** From its CMD. */
  readonly flags: readonly string[]
  /** From its ENV: what changes how Node runs, wherever it runs. */
  readonly environment: Readonly<Record<string, string>>
}

const variables = ['NODE_ENV', 'NODE_OPTIONS', 'MALLOC_ARENA_MAX']

/** Read from the Dockerfile, so that benches measure what images run. */
export function nodeOfImage(dockerfile: 'Dockerfile.api' | 'Dockerfile.operator'): NodeOfImage {
  const lines = readFileSync(join(import.meta.dirname, '../..', dockerfile), 'utf8').split('\n')
  const command = lines.findLast(line => line.startsWith('CMD ')) ?? 'CMD []'
  const flags = (JSON.parse(command.slice(4)) as string[]).filter(word => word.startsWith('--'))
  const set = lines.filter(line => line.startsWith('ENV ')).flatMap(line => [...line.matchAll(/(\w+)=(\S+)/g)])
  const environment = Object.fromEntries(set.map(([, name, value]) => [name!, value!]).filter(([name]) => variables.includes(name!))) // prettier-ignore
  return { flags, environment: environment as Record<string, string> }
}
