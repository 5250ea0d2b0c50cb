import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { bareEnvironment } from '../support/bare-environment.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { orSkip } from '../support/missing-part.ts'
import { OperatorWorld } from '../support/operator-world.ts'

const entry = join(import.meta.dirname, '../../operator/main.ts')

describe('the operator as a process', function () {
  this.timeout(60_000)
  let world: OperatorWorld

  before(async function () {
    this.timeout(900_000)
    world = await orSkip(this, OperatorWorld.make())
  })

  after(async () => {
    await world?.dispose()
  })

  function run(env: Record<string, string>) {
    const child = spawn(process.execPath, [entry], { env: { ...bareEnvironment, ...env }, stdio: 'pipe' })
    const output = { out: '', err: '' }
    child.stdout.on('data', (data: Buffer) => (output.out += data.toString()))
    child.stderr.on('data', (data: Buffer) => (output.err += data.toString()))
    const exited = once(child, 'exit') as Promise<[number | null, string | null]>
    return { child, output, exited }
  }

  it('brings the samples to Ready, logs JSON lines, and ends cleanly on SIGTERM', async () => {
    const port = await freePort()
    const { child, output, exited } = run({
      KUBECONFIG: world.server.kubeConfigFile,
      API_IMAGE: 'selfrag-api:test',
      WATCH_NAMESPACES: world.namespace,
      POD_NAMESPACE: world.namespace,
      METRICS_BIND: `127.0.0.1:${port}`,
    })
    try {
      await world.applySamples()
      await world.becomesReady(30_000)
      const ready = await eventually(() => fetch(`http://127.0.0.1:${port}/readyz`))
      expect(ready.status).to.equal(200)
      const start = Date.now()
      child.kill('SIGTERM')
      expect(await exited, output.err).to.deep.equal([0, null])
      expect(Date.now() - start).to.be.below(5_000)
    } finally {
      child.kill('SIGKILL')
    }
    const lines = output.out.trim().split('\n').map(line => JSON.parse(line) as Record<string, unknown>) // prettier-ignore
    expect(lines.at(-1)).to.include({ logger: 'selfrag.operator', level: 'INFO', message: 'stopped' })
    expect(lines.every(line => typeof line['timestamp'] === 'string')).to.equal(true)
  })

  it('says which variable is missing, in one line, and ends', async () => {
    const { output, exited } = run({ KUBECONFIG: world.server.kubeConfigFile, LEADER_ELECT: 'perhaps' })
    expect(await exited).to.deep.equal([2, null])
    expect(output.err).to.contain('API_IMAGE: must be set')
    expect(output.err).to.contain('LEADER_ELECT: must be true or false (got "perhaps")')
    expect(output.err, 'no stack trace').not.to.contain('    at ')
  })
})
