import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { MissingPart } from './missing-part.ts'

const run = promisify(execFile)

/** What must hold for every answer, whatever is sent. */
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'missing_required_header',
  'unsupported_method',
  'allow_header_conformance',
  'ignored_auth',
  'use_after_free',
  'ensure_resource_availability',
]

export interface Fuzzing {
  /** Of the API; its /openapi.json is what is sent and expected. */
  readonly url: string
  /** For the security schemes of the document. */
  readonly apiKey: string
  readonly adminToken: string
  /** Ids that there are, by the beginning of the paths that take them. */
  readonly ids: Readonly<Record<string, readonly string[]>>
  readonly seed: number
  /** Of an operation and phase. */
  readonly examples: number
  readonly seconds: number
  /** `operationId`s; none: all. */
  readonly only: readonly string[]
}

/** @throws MissingPart */
export async function findSchemathesis(): Promise<string> {
  const { stdout } = await run(join(import.meta.dirname, '../../hack/schemathesis/install')).catch((error: Error) => {
    throw new MissingPart(`no schemathesis: ${error.message}`)
  })
  return stdout.trim()
}

/** Gives the report; @throws Error with the failures that were found, and how to repeat them */
export async function fuzz(program: string, fuzzing: Fuzzing): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'selfrag-fuzz-'))
  const config = join(folder, 'schemathesis.toml')
  await writeFile(config, configuration(fuzzing))
  const args = [
    ...['--config-file', config, 'run', `${fuzzing.url}/openapi.json`],
    ...['--checks', checks.join(',')],
    ...['--phases', 'coverage,fuzzing,stateful'],
    ...['--max-examples', String(fuzzing.examples)],
    ...['--max-time', String(fuzzing.seconds)],
    ...['--seed', String(fuzzing.seed)],
    ...fuzzing.only.flatMap(operation => ['--include-operation-id', operation]),
    ...['--generation-database', 'none'],
    ...['--warnings', 'off'],
    // In threads, Python 3.11 loses count of its own recursion now and then and the run ends ("AST constructor recursion depth").
    ...['--workers', '1'],
    '--continue-on-failure',
    '--no-shrink',
    '--no-color',
  ]
  try {
    const { stdout } = await run(program, args, { cwd: folder, maxBuffer: 256 << 20 })
    return stdout
  } catch (cause) {
    const { stdout, stderr } = cause as { stdout?: string; stderr?: string }
    throw new Error(`${stdout?.slice(-20_000)}\n${stderr?.slice(-2_000)}`, { cause })
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Mostly ids that there are, else nearly every request would end with 404. */
function configuration({ apiKey, adminToken, ids }: Fuzzing): string {
  const lines = ['[auth.openapi]', `apiKey = { bearer = "${apiKey}" }`, `adminToken = { api_key = "${adminToken}" }`]
  for (const [index, values] of Object.values(ids).entries())
    lines.push(`[dictionaries.ids${index}]`, `values = ${JSON.stringify(values)}`)
  for (const [index, path] of Object.keys(ids).entries())
    lines.push(
      '[[operations]]',
      `include-path-regex = "^${path}/.id"`,
      `parameters = { "path.id" = { dictionary = "ids${index}", probability = 0.8 } }`,
    )
  // 502 is a fault of the host that the URL names, where its name can be asked for.
  lines.push(
    '[[operations]]',
    'include-operation-id = "fetchDocument"',
    'checks.not_a_server_error.expected-statuses = ["2xx", "4xx", 502]',
  )
  return lines.join('\n')
}
