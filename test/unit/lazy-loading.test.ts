import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { describe, it } from 'mocha'

const program = `
  import { registerHooks } from 'node:module'
  const seen = new Set()
  registerHooks({ load: (url, context, next) => (seen.add(url), next(url, context)) })
  const { startTracing } = await import('./api/tracing/start-tracing.ts')
  await import('./api/http/routes/index.ts')
  await import('./api/application.ts')
  const { parseConfiguration } = await import('./api/contract/configuration.ts')
  const { configuration } = parseConfiguration({ DATABASE_URL: 'postgresql://h/d', VECTOR_ENGINE: 'pgvector' })
  await startTracing({ name: 'n', version: '1' }, configuration)
  // prom-client brings @opentelemetry/api itself.
  const few = ['@opentelemetry/sdk-trace', '@opentelemetry/core', '@modelcontextprotocol', 'pg-boss', 'parse5', 'fflate', 'postal-mime', 'mammoth', 'unpdf', 'jieba-wasm', 'onnxruntime-node']
  console.log(JSON.stringify(few.filter(name => [...seen].some(url => url.includes('/node_modules/' + name + '/')))))
`

describe('what few processes need', () => {
  it('is not loaded at the start: tracing without a collector, MCP without a client, what only documents need', async function () {
    this.timeout(30_000)
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program])
    expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).to.deep.equal([])
  })
})
